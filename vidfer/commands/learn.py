"""``vidfer learn``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from vidfer.commands.console import parse
from vidfer.commands.progress import Progress
from vidfer.commands.say import give, note, say, tell
from vidfer.errors import SettingError
from vidfer.infer.support.settings import SupportSettings
from vidfer.reachable import check_can_write

Flat = tyro.conf.OmitArgPrefixes


EXAMPLES = (
    (
        "vidfer learn examples/ --out mine.vidfer",
        "learn from a folder that holds a folder for each expression",
    ),
    (
        "vidfer learn examples.csv --out mine.vidfer --overwrite",
        "learn from a table with the columns path and label",
    ),
    (
        "vidfer learn predictions/interview --out mine.vidfer",
        "learn from the segments that you have corrected with `vidfer review`",
    ),
)


def main(arguments: Sequence[str]) -> int:
    """``vidfer learn``"""

    @dataclass(frozen=True, kw_only=True)
    class Learn:
        """Learn expressions of your own from a few examples of each, without training.

        It says what can be expected of them, and writes one file for `vidfer predict --support FILE`. The
        file holds no pictures.
        """

        examples: tyro.conf.Positional[Path]
        """A folder that holds a folder for each expression with clips, images or folders of frames; a table
        with path and label, and start_s and end_s for parts of videos; or a prediction that was corrected.
        What is named neutral, background, none or other shows none of the expressions."""
        out: Path
        """The file to write, for example pout.vidfer."""
        support: Flat[SupportSettings] = SupportSettings()
        device: str = "cpu"
        """Where the networks and the face detector run: cpu, cuda, cuda:1."""
        overwrite: bool = False
        """Replace --out if it exists."""

    options = parse(Learn, arguments)
    from vidfer.infer.device import check_device
    from vidfer.infer.support.encoder_parts import checkpoint_among
    from vidfer.infer.support.in_words import lines_of, warnings_of
    from vidfer.infer.support.learn_support import learn_support
    from vidfer.infer.support.support_file import save_support

    if options.out.is_dir():
        raise SettingError(f"--out {options.out} is a folder; name a file, such as {options.out}/pout.vidfer")
    if options.out.exists() and not options.overwrite:
        raise SettingError(f"--out {options.out} exists; choose another file, or give --overwrite")
    check_can_write(options.out)
    check_device(options.device)
    with Progress("reading", "example") as progress:
        learned = learn_support(options.examples, options.support, device=options.device, progress=progress)
    for line in learned.notes:
        note(line)
    for line in lines_of(learned):
        tell(line)
    warnings = warnings_of(learned)
    for warning in warnings:
        say(f"warning: {warning}", file=sys.stderr)
    found = save_support(options.out, learned.support)
    tell(f"{options.out}: {', '.join(learned.support.classes)}; hash {found}")
    own = checkpoint_among(options.support.encoders)
    tell(f"next: vidfer predict VIDEO --support {options.out}" + (f" --checkpoint {own}" if own else ""))
    give(
        options.out,
        classes=learned.support.classes,
        examples=len(learned.clips),
        notes=learned.notes,
        warnings=warnings,
        hash=found,
    )
    return 1 if any(note.startswith("left out:") for note in learned.notes) else 0
