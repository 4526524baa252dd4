"""Memory that a step frees is there for the next one, counted in pages that the system hands out."""

import subprocess
import sys

import pytest

COUNTS_PAGES = """
import resource, sys
import torch
from vidfer.learn.keep_memory import keep_freed_memory

def step():
    tensors = [torch.ones(1 << 20) for _ in range(32)]  # 4 MB each

if sys.argv[1] == "keep":
    keep_freed_memory()
step(), step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
step(), step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def pages_of_two_steps(how: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", COUNTS_PAGES, how], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's option")
def test_the_second_step_gets_no_new_pages():
    # A system with large pages hands out hundreds of them, one with pages of 4 kB a hundred thousand.
    assert pages_of_two_steps("usual") > 5 * pages_of_two_steps("keep") + 100
