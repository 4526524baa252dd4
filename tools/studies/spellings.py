"""Old spellings of options, so that studies finished with them still count as finished."""

from __future__ import annotations

import shlex

from vidfer.commands.old_names import new_name

OF_COMMANDS = {"--other-people": "--person-disjoint"}
"""Old spelling of an option of a ``vidfer`` command -> the present one; the recipes know their own."""


def current_spelling(command: str) -> str:
    """The command with every option in its present spelling.

    Args:
        command: a command of a study, as it is typed.
    """
    return shlex.join(OF_COMMANDS.get(word) or new_name(word) or word for word in shlex.split(command))
