"""``vidfer doctor``."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from vidfer.commands.console import parse
from vidfer.commands.say import say
from vidfer.terminal import shows_colours, terminal_text

if TYPE_CHECKING:
    from vidfer.commands.checks.finding import Finding

COLOURS = {"ok": "32", "warning": "33", "fault": "31"}
PACKAGES = "Packages"
INDENT = 34
"""Where what was found begins in a line."""


EXAMPLES = (
    ("vidfer doctor", "say what works here and what does not"),
    ("vidfer doctor --json", "say it as JSON, for a bug report"),
)


def main(arguments: Sequence[str]) -> int:
    """``vidfer doctor``"""

    @dataclass(frozen=True, kw_only=True)
    class Doctor:
        """Say whether vidfer works on this machine, and what to do where it does not.

        It looks at versions, processors, disks and limits, and does the whole job once on a drawn film. That
        takes about ten seconds. The exit status is 1 if there is a fault.
        """

        json: bool = False
        """Print one JSON object, for bug reports. It has no name of the user or of folders at home."""
        quick: bool = False
        """Only look, and do not run the job on a drawn film."""

    options = parse(Doctor, arguments)
    from vidfer.commands.checks.finding import FAULT, run_check

    found: list[tuple[str, Finding]] = []
    for title, checks in check_list(self_test=not options.quick).items():
        if not options.json:
            say(title)
        for check in checks:
            broken = any(one.state == FAULT for group, one in found if group == PACKAGES)
            for one in run_check(check.__name__.replace("_", " "), check, broken=broken):
                found.append((title, one))
                if not options.json:
                    say(_line(one), coloured=True)
    states = [one.state for _, one in found]
    n_faults, n_warnings = states.count("fault"), states.count("warning")
    if options.json:
        rows = [{"group": title, **asdict(_nameless(one))} for title, one in found]
        say(json.dumps({"faults": n_faults, "warnings": n_warnings, "findings": rows}, indent=1))
    else:
        all_well = "vidfer works here" if not n_faults else "vidfer does not work here as it should"
        say(f"\n{all_well}: {_count(n_faults, 'fault')}, {_count(n_warnings, 'warning')}")
    return 1 if n_faults else 0


def check_list(*, self_test: bool) -> Mapping[str, tuple[Callable[[], Iterable[Finding]], ...]]:
    """The checks in groups, in the order in which faults are best mended."""
    from vidfer.commands.checks import machine, packages, storage
    from vidfer.commands.checks.self_test import self_test as whole_job

    groups = {
        PACKAGES: (packages.versions, packages.needed, packages.ffmpeg),
        "Extras": (packages.optional, packages.kept_encoders),
        "Machine": (machine.processors, machine.memory, machine.accelerators),
        "Disks and limits": (
            storage.disks,
            storage.shared_memory,
            storage.open_files,
            storage.hdf5_locking,
        ),
    }
    return groups | ({"Self-test, on a drawn film": (whole_job,)} if self_test else {})


def _nameless(one: Finding) -> Finding:
    from dataclasses import replace

    from vidfer.commands.checks.without_names import without_names

    return replace(one, found=without_names(one.found), remedy=without_names(one.remedy))


def _line(one: Finding) -> str:
    """A finding as one line, and its remedy below it, both broken at the width of the terminal."""
    one = _nameless(one)
    state = f"{one.state:8}"
    if shows_colours(sys.stdout):
        state = f"\x1b[{COLOURS[one.state]}m{state}\x1b[0m"
    width = max(40, shutil.get_terminal_size().columns - INDENT - 1)
    texts = [one.found, *[f"do: {one.remedy}"] * bool(one.remedy)]
    # An option stays whole: its hyphens are no place to break a line.
    lines = [
        row for text in texts for row in textwrap.wrap(terminal_text(text), width, break_on_hyphens=False)
    ]
    return f"  {state} {one.check:{INDENT - 12}} " + f"\n{' ' * INDENT}".join(lines)


def _count(n: int, what: str) -> str:
    return f"{n or 'no'} {what}{'' if n == 1 else 's'}"
