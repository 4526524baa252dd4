"""``vidfer train supervised``: recipes/supervised.py, in this process or in several."""

from functools import partial

from vidfer.commands.train import train

main = partial(train, "supervised")
