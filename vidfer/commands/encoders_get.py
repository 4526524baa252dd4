"""``vidfer encoders get``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import tyro

from vidfer.commands.console import parse
from vidfer.commands.progress import Progress
from vidfer.commands.say import give, tell

EXAMPLES = (("vidfer encoders get dinov2_s", "download a pretrained encoder"),)


def main(arguments: Sequence[str]) -> int:
    """``vidfer encoders get``"""

    @dataclass(frozen=True, kw_only=True)
    class Get:
        """Download the weights of a pretrained encoder, check them and keep them."""

        name: tyro.conf.Positional[str]
        """Its name in `vidfer encoders`."""

    name = parse(Get, arguments, "encoders get").name
    from vidfer.files import sha256_of
    from vidfer.models.pretrained.download import download
    from vidfer.models.pretrained.table import pretrained

    row = pretrained(name)
    with Progress(f"downloading {name}", "B", unit_scale=True) as progress:
        path, was_here = download(row, progress)
    tell(f"{'here already' if was_here else 'kept'}: {path}")
    sha256 = sha256_of(path)
    tell(f"SHA-256 {sha256}" + ("" if row.sha256 else " (its publisher gives none to compare with)"))
    tell(f"licence: {row.licence}")
    use = f"use it with --encoder {name}" if row.encoder else "vidfer does not read these weights yet"
    tell(f"expression labels it has seen: {row.seen_text}; {use}")
    give(path, name=name, was_here=was_here, sha256=sha256, licence=row.licence, labels_seen=row.seen)
    return 0
