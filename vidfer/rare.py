"""Marks for settings: options that few people need, and fields that are no options at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

_RARE: ContextVar[Any] = ContextVar("mark of rare settings", default=None)
_FIXED: ContextVar[Any] = ContextVar("mark of fixed settings", default=None)

Hint = TypeVar("Hint")

if TYPE_CHECKING:  # to a type checker they are the plain type
    Rare = Annotated[Hint, "rare"]
    Fixed = Annotated[Hint, "fixed"]
else:

    class Rare:
        """The type of a setting that few people need: ``nesterov: Rare[bool] = True``.

        ``--help`` leaves it out, ``--help-all`` shows it, and it can always be set. To Python it is the plain
        type: only while a command prints its short help, :func:`marked` gives it the mark that hides it.
        Settings modules need ``from __future__ import annotations`` for it.
        """

        def __class_getitem__(cls, hint: Any) -> Any:
            return _with_mark(hint, _RARE)

    class Fixed:
        """The type of a field that no command line can set: ``name: Fixed[str]``. It works as
        :class:`Rare`."""

        def __class_getitem__(cls, hint: Any) -> Any:
            return _with_mark(hint, _FIXED)


@contextmanager
def marked(*, fixed: Any, rare: Any = None) -> Iterator[None]:
    """For a while :class:`Fixed` and :class:`Rare` settings carry the marks that a parser understands."""
    before = _FIXED.set(fixed), _RARE.set(rare)
    try:
        yield
    finally:
        _FIXED.reset(before[0])
        _RARE.reset(before[1])


def _with_mark(hint: Any, mark: ContextVar[Any]) -> Any:
    return hint if mark.get() is None else Annotated[hint, mark.get()]
