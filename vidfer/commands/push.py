"""``vidfer push``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from vidfer.commands.console import parse
from vidfer.commands.say import say
from vidfer.commands.stopped import go_on_so
from vidfer.errors import SettingError
from vidfer.hub import SCHEME, repository

NEVER = (
    "never uploaded: videos, crops, pictures, caches, pseudo-labels, names of files and people, settings and "
    "logs of the run"
)


EXAMPLES = (
    ("vidfer push runs/student ann/faces --dry-run", "show what would go"),
    ("vidfer push runs/student ann/faces", "show it, ask, and upload it"),
)


def main(arguments: Sequence[str]) -> int:
    """``vidfer push``"""

    @dataclass(frozen=True, kw_only=True)
    class Push:
        """Upload the best checkpoint of a run to the Hugging Face hub, after showing what goes.

        It asks before anything is sent. A new repository is private unless --public is given.
        """

        run: tyro.conf.Positional[Path]
        """The run folder."""
        repository: tyro.conf.Positional[str]
        """Where to, as owner/name."""
        licence: str | None = None
        """The licence of the weights as the hub knows it, such as apache-2.0 or cc-by-nc-4.0. Without it the
        card says that none was chosen."""
        results: bool = False
        """Also upload the results, without the rows about clips."""
        public: bool = False
        """Let everybody read a new repository."""
        dry_run: bool = False
        """Show what would go, and send nothing."""
        yes: bool = False
        """Do not ask."""

    options = parse(Push, arguments)
    name, revision = repository(options.repository)
    if revision != "main":
        raise SettingError(f"{options.repository}: leave out @{revision}, uploads go to the branch main")
    address = f"{SCHEME}{name}"
    from huggingface_hub.utils import disable_progress_bars

    from vidfer.evaluate.find_results import result_files
    from vidfer.hub_upload import upload, visibility
    from vidfer.report.licences import licence_lines
    from vidfer.report.push_files import push_files, push_warnings

    files, learned = push_files(
        options.run,
        address,
        result_files(options.run),
        licence=options.licence,
        with_results=options.results,
    )
    now = None if options.dry_run else visibility(address)
    if now == "public" and not options.public:
        raise SettingError(
            f"{address} is there, and everybody can read it; say so with --public, or name another repository"
        )
    found = {
        None: "a dry run does not look whether it is there; a new one",
        "new": "new,",
        "private": "is there, private",
        "public": "is there, public",
    }
    kind = f" will be {'public' if options.public else 'private'}" if now in (None, "new") else ""
    say(f"to {address} ({found[now]}{kind}):")
    for file in files:
        say(f"  {file.name:18} {_size(file.n_bytes):>9}  {file.about}")
    say(NEVER)
    say("terms of what it learned from:")
    for line in licence_lines(learned):
        say(f"  {line}")
    for line in push_warnings(learned, licence=options.licence, public=now == "public" or options.public):
        say(f"warning: {line}")
    if options.dry_run:
        say("--dry-run: nothing was uploaded")
        return 0
    if not (options.yes or _agrees()):
        say("nothing was uploaded", file=sys.stderr)
        return 2
    message = f"vidfer push: {Path(options.run).resolve().name}"
    contents = {file.name: file.content for file in files}
    if not sys.stderr.isatty():  # a bar that moves is not for a file
        disable_progress_bars()
    private = not options.public
    try:
        commit = upload(address, contents, message, private=private, now_holds=go_on_so)
    except KeyboardInterrupt:
        if sys.stderr.isatty():
            say("\n", file=sys.stderr)  # what is said next stands below the bars
        raise
    say(f"on the hub: {commit}")
    say(f"use it: vidfer predict VIDEO --checkpoint {address}")
    return 0


def _agrees() -> bool:
    """The answer of who sits at the terminal."""
    if not sys.stdin.isatty():
        raise SettingError("nothing was uploaded: nobody can be asked without a terminal; give --yes")
    try:
        return input("upload? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 1e5 else f"{n_bytes / 1e3:.1f} kB"
