"""``vidfer train fewshot``: recipes/fewshot.py, in this process or in several."""

from functools import partial

from vidfer.commands.train import train

main = partial(train, "fewshot")
