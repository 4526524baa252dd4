"""Synthetic people drawn by ``vidfer actors``, in AFEW's layout."""

from __future__ import annotations

from pathlib import Path

from vidfer.clips.about import About
from vidfer.clips.afew import afew
from vidfer.clips.clip import Clip
from vidfer.clips.listing import DRAWN, check_folder
from vidfer.errors import VidferError

ABOUT = About(
    layout="as afew, with subjects.csv (id,subject) and truth/",
    labels="folder name",
    size="as many as asked for",
    licence="made on this machine; free",
)


def actors(root: Path) -> list[Clip]:
    """Clips that ``vidfer actors --out ROOT`` wrote, each with its subject; made here, so free of licences.

    Raises:
        VidferError: the folder was not, or not wholly, written by ``vidfer actors``.
    """
    check_folder(root, "what `vidfer actors --out` wrote")
    if not (root / "subjects.csv").is_file():
        raise VidferError(
            f"{root} has no subjects.csv, so `vidfer actors` did not finish there; "
            f"run it again with --out {root}, or use --src afew"
        )
    if not (root / DRAWN).is_file():
        raise VidferError(f"{root} has no {DRAWN}, so it was not drawn by `vidfer actors`; use --src afew")
    clips = afew(root)
    strangers = [clip.id for clip in clips if clip.subject is None]
    if strangers:
        raise VidferError(
            f"{root / 'subjects.csv'} does not name the subject of {len(strangers)} clips, "
            f"first {strangers[0]}; run `vidfer actors --out {root}` again"
        )
    return clips
