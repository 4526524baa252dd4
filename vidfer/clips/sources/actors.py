"""Synthetic people drawn by ``vidfer actors``, in AFEW's layout."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache
from pathlib import Path

from vidfer.clips.clip import Clip
from vidfer.clips.root_checks import check_folder
from vidfer.clips.source import Source
from vidfer.clips.sources.afew import SUBJECTS, find_afew
from vidfer.errors import DataError

SETTINGS_FILE = "truth/settings.json"
"""Every folder that ``vidfer actors`` wrote has this file."""


def find_actors(root: Path) -> list[Clip]:
    """Lists the clips that ``vidfer actors --out ROOT`` wrote, each with its subject.

    Raises:
        DataError: ``vidfer actors`` did not write the folder, or did not finish it.
    """
    check_folder(root, "what `vidfer actors --out` wrote")
    if not (root / SUBJECTS).is_file():
        raise DataError(
            f"{root} has no {SUBJECTS}, so `vidfer actors` did not finish there; run it again with "
            f"--out {root}, or use --src afew"
        )
    if not (root / SETTINGS_FILE).is_file():
        raise DataError(f"{root} has no {SETTINGS_FILE}, so `vidfer actors` did not write it; use --src afew")
    clips = find_afew(root)
    unknown = [clip.id for clip in clips if clip.subject is None]
    if unknown:
        raise DataError(
            f"{root / SUBJECTS} does not give the subject of {len(unknown)} clips; the first is "
            f"{unknown[0]}. Run `vidfer actors --out {root}` again"
        )
    return clips


def mark_drawn(clips: list[Clip]) -> list[Clip]:
    """Gives the source ``actors`` to each clip that lies in a folder that ``vidfer actors`` wrote."""

    @cache
    def is_drawn(folder: Path) -> bool:
        settings = folder / SETTINGS_FILE
        is_here = os.path.isfile(settings)  # noqa: PTH113  # Path.is_file() fails in a folder that is closed
        return is_here or (folder != folder.parent and is_drawn(folder.parent))

    return [
        replace(clip, source="actors") if is_drawn(clip.path.absolute().parent) else clip for clip in clips
    ]


ACTORS = Source(
    find=find_actors,
    layout="as afew, with subjects.csv (id,subject) and truth/",
    labels="folder name",
    size="as many as you draw",
    licence="made on this machine; free",
)
