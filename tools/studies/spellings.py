"""Old spellings of options, so that studies finished with them still count as finished."""

from __future__ import annotations

import shlex

RENAMED = {
    "--other-people": "--person-disjoint",
    "--episodes.other-people": "--episodes.person-disjoint",
}
"""Old spelling of an option -> the present one, which means the same."""


def current_spelling(command: str) -> str:
    """The command with every option in its present spelling.

    Args:
        command: a command of a study, as it is typed.
    """
    return shlex.join(RENAMED.get(word, word) for word in shlex.split(command))
