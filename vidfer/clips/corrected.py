"""The words that people write into the column ``corrected`` of a table."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from vidfer.clips.labels import canonical_label
from vidfer.errors import DataError
from vidfer.names import name_key

OK = "ok"
"""The label in the row is right."""
DROP = "drop"
"""Nothing is to be learned from this clip."""


def corrected_label(word: str, label: str, classes: Sequence[str], where: str) -> str:
    """The class that a person means, or :data:`DROP`.

    Args:
        word: what stands in the column, in any spelling; :data:`OK` means ``label``.
        label: what the network said.
        classes: those that may be meant.
        where: the place of the word, for the message.

    Raises:
        DataError: the word means none of them.
    """
    known = {name_key(canonical_label(name)): name for name in classes} | {DROP: DROP}
    plain = name_key(canonical_label(word))
    if plain == OK:
        plain = name_key(canonical_label(label))
        if plain not in known:
            raise DataError(
                f"{where}: corrected is ok, but the column label has no class; write {' or '.join(classes)}"
            )
    if plain not in known:
        near = difflib.get_close_matches(plain, [*known, OK], 1)
        guess = f"did you mean {near[0]}? " if near else ""
        raise DataError(
            f"{where}: corrected is {word!r}; {guess}write {', '.join(classes)}, {OK} (the label is right), "
            f"{DROP} (do not learn from this clip), or leave it empty"
        )
    return known[plain]
