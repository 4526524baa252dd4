"""Memory that a step frees is there for the next one, counted in pages that the system hands out."""

import mmap
import os
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

PAGES_OF_TWO_STEPS = 2 * 32 * (4 << 20) // mmap.PAGESIZE


def pages_of_two_steps(how: str) -> int:
    # With this threshold glibc gives each of these tensors back at once, whatever else lies in the heap.
    usual = os.environ | {"MALLOC_MMAP_THRESHOLD_": str(1 << 20)}
    done = subprocess.run(
        [sys.executable, "-c", COUNTS_PAGES, how], capture_output=True, text=True, check=True, env=usual
    )
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's option")
def test_the_second_step_gets_no_new_pages():
    assert pages_of_two_steps("keep") < PAGES_OF_TWO_STEPS / 16  # up to four of 64 tensors may be new


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's option")
def test_without_it_the_second_step_gets_its_pages_anew():
    # A system with large pages hands out a hundred of them, one with pages of 4 kB sixty thousand.
    assert pages_of_two_steps("usual") > 64
