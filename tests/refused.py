"""How tests expect a user's mistake: by its kind and by the facts in its message, not by its wording."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from vidfer.errors import VidferError


@contextmanager
def refused(kind: type[VidferError], *facts: object) -> Iterator[None]:
    """The block must end with an error of this kind, whose message tells every one of the facts.

    Args:
        kind: the class in :mod:`vidfer.errors`, never :class:`VidferError` itself.
        facts: what a reader needs to mend it: the value, the file, and the option or command that helps;
            compared as text.
    """
    assert kind is not VidferError, "name the kind of error"
    with pytest.raises(kind) as caught:
        yield
    message = str(caught.value)
    missing = [str(fact) for fact in facts if str(fact) not in message]
    assert not missing, f"{missing} not in: {message}"
