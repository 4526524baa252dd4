"""``vidfer responsible-use``."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass

from vidfer.commands.console import parse
from vidfer.commands.say import say
from vidfer.responsible_use import essence_text

EXAMPLES = (("vidfer responsible-use", "read it before you film people"),)


def main(arguments: Sequence[str]) -> int:
    """``vidfer responsible-use``"""

    @dataclass(frozen=True, kw_only=True)
    class ResponsibleUse:
        """Say what everybody should know before vidfer looks at people: what it cannot know, whom it was
        measured on, personal data, the law of the EU, licences."""

    parse(ResponsibleUse, arguments, "responsible-use")
    say(essence_text(min(100, shutil.get_terminal_size().columns - 1)))
    return 0
