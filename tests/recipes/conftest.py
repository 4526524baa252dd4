"""Recipes as modules, and a teacher trained on the striped cache."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
import torch
from networks import of_recipe
from recipe_runs import FAST, SHORT, TINY, load_recipe


@contextmanager
def one_cpu_thread() -> Iterator[None]:
    """Runs that are compared bit by bit, here and in other processes, use the CPU and one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACCELERATE_USE_CPU", "true")
        patch.setenv("OMP_NUM_THREADS", "1")
        yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def same_arithmetic_everywhere() -> Iterator[None]:
    with one_cpu_thread():
        yield


@pytest.fixture(scope="session")
def supervised() -> ModuleType:
    return load_recipe("supervised")


@pytest.fixture(scope="session")
def noisy_student() -> ModuleType:
    return load_recipe("noisy_student")


@pytest.fixture(scope="session")
def fewshot() -> ModuleType:
    return load_recipe("fewshot")


@pytest.fixture(scope="session")
def egs() -> ModuleType:
    return load_recipe("egs")


@pytest.fixture(scope="session")
def teacher_run(supervised, striped_cache, tmp_path_factory) -> Path:
    """Run folder of a teacher that knows its classes."""
    out = tmp_path_factory.mktemp("runs") / "teacher"
    train = replace(SHORT, epochs=12)
    with one_cpu_thread():
        supervised.main(
            supervised.Settings(cache=striped_cache, out=out, **of_recipe(TINY), train=train, **FAST)
        )
    return out
