"""``vidfer train noisy_student``: recipes/noisy_student.py, in this process or in several."""

from functools import partial

from vidfer.commands.train import train

main = partial(train, "noisy_student")
