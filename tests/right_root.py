"""How tests expect a wrong root: by the right one in the message."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from vidfer.errors import DataError


@contextmanager
def sent_to(right_root: Path, *facts: object) -> Iterator[None]:
    """The block must end with a DataError whose message names the right root, not only a folder inside it.

    Args:
        right_root: the folder or file that the user should give.
        facts: other texts that the message must have.
    """
    with pytest.raises(DataError) as caught:
        yield
    message = str(caught.value)
    assert re.search(rf"{re.escape(str(right_root))}(?![\w/])", message), f"{right_root} not in: {message}"
    missing = [str(fact) for fact in facts if str(fact) not in message]
    assert not missing, f"{missing} not in: {message}"
