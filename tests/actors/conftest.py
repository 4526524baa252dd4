"""One plain person for the tests of the actors room."""

import dataclasses

import numpy as np
import pytest

from vidfer.actors.identity import Identity, sample_identity


@pytest.fixture(scope="session")
def person() -> Identity:
    """Somebody without glasses, beard and fringe, so that the whole face can be seen."""
    anyone = sample_identity(np.random.default_rng(4))
    return dataclasses.replace(
        anyone, glasses="none", beard="none", hair_style="short", age=0.3, skin=(226, 180, 146)
    )
