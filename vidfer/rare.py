"""Options that few people need: ``--help`` leaves them out, ``--help-all`` shows them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Annotated, Any

_MARK: ContextVar[Any] = ContextVar("mark of rare settings", default=None)


class Rare:
    """The type of a setting that few people need: ``nesterov: Rare[bool] = True``.

    To Python it is the plain type. Only while a command prints its short help are such settings left out,
    see :func:`without_rare`; settings modules need ``from __future__ import annotations`` for it.
    """

    def __class_getitem__(cls, hint: Any) -> Any:
        mark = _MARK.get()
        return hint if mark is None else Annotated[hint, mark]


@contextmanager
def without_rare(mark: Any) -> Iterator[None]:
    """For a while :class:`Rare` settings carry the mark with which a parser leaves them out."""
    before = _MARK.set(mark)
    try:
        yield
    finally:
        _MARK.reset(before)
