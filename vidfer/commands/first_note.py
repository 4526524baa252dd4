"""The note about responsible use that a user's first prediction shows, once."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from vidfer.commands.say import is_quiet, say
from vidfer.responsible_use import NOTE

MARKER = "responsible_use_was_shown"


def note_once() -> bool:
    """Show the note on standard error unless this user has seen it; returns whether it was shown.

    With --quiet it waits for the next time. Where nothing can be written, as without a home, it is shown
    again.
    """
    if is_quiet():
        return False
    marker = state_folder() / MARKER
    try:
        if marker.exists():
            return False
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()
    except OSError:
        pass
    say(NOTE, file=sys.stderr)
    return True


def state_folder() -> Path:
    """Where programs keep what they remember of a user: ``XDG_STATE_HOME``, by default ~/.local/state."""
    named = os.environ.get("XDG_STATE_HOME", "")
    if Path(named).is_absolute():  # others are to be ignored, says the XDG Base Directory Specification
        return Path(named) / "vidfer"
    return Path("~/.local/state/vidfer").expanduser()
