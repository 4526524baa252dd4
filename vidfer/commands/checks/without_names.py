"""Takes the names of the user and of folders at home out of a report that goes to others."""

from __future__ import annotations

import getpass
import re
from pathlib import Path


def without_names(text: str) -> str:
    """The text with ``~`` for the home, and ``USER`` for the user's name in other paths."""
    home = str(Path.home())
    if home != "/":
        text = re.sub(rf"{re.escape(home)}(?=/|\W|$)", "~", text)
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container without a name for this number
        return text
    return re.sub(rf"(?<=/){re.escape(user)}(?=/|\W|$)", "USER", text)
