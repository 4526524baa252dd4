"""``vidfer train egs``: recipes/egs.py, in this process or in several."""

from functools import partial

from vidfer.commands.train import train

main = partial(train, "egs")
