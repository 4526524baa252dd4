"""What a check has found, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from vidfer.errors import VidferError

OK, WARNING, FAULT = "ok", "warning", "fault"
SELF_TEST = "self test"
"""The check that does the whole job once."""
STATES = (OK, WARNING, FAULT)
"""From good to bad. A warning: vidfer works, but slower or not with everything."""

MEND_FIRST = "mend the packages that are named above, then run `vidfer doctor` again"
REPORT = "please report it with the output of `vidfer doctor --json`"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the report."""

    check: str
    """What was checked, in a word or two."""
    state: str
    """One of :data:`STATES`."""
    found: str
    remedy: str = ""
    """What the user can do; never empty unless all is well."""

    def __post_init__(self) -> None:
        if self.state not in STATES or (self.state != OK and not self.remedy):
            raise ValueError(f"{self.check}: {self.state} needs a remedy")


def ok(check: str, found: str) -> Finding:
    """All is well."""
    return Finding(check=check, state=OK, found=found)


def warning(check: str, found: str, remedy: str) -> Finding:
    """vidfer works, but not as well as it could."""
    return Finding(check=check, state=WARNING, found=found, remedy=remedy)


def fault(check: str, found: str, remedy: str) -> Finding:
    """Something does not work."""
    return Finding(check=check, state=FAULT, found=found, remedy=remedy)


def run_check(name: str, check: Callable[[], Iterable[Finding]], *, broken: bool = False) -> list[Finding]:
    """The findings of a check. One that fails is itself a fault, so that the others are still made.

    ``broken``: packages are missing, old or broken. The self-test then waits, and what fails is no riddle.
    """
    found: list[Finding] = []
    if broken and name == SELF_TEST:
        return [fault(name, "was not run, because packages are at fault", MEND_FIRST)]
    try:
        for one in check():
            found.append(one)
    except ImportError as error:
        found.append(fault(name, f"cannot be checked: {error}", MEND_FIRST))
    except VidferError as error:
        found.append(fault(name, str(error), f"the message says what to do; if it does not help, {REPORT}"))
    except Exception as error:
        what = " ".join(str(error).split())
        found.append(fault(name, f"{type(error).__name__}: {what}", MEND_FIRST if broken else REPORT))
    return found
