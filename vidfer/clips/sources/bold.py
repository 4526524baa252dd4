"""BoLD: body language in the wild (Luo et al., IJCV 2020)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from vidfer.clips.clip import Clip
from vidfer.clips.media import video_header
from vidfer.clips.root_checks import check_folder, missing_clips, wrong_root
from vidfer.clips.source import Source
from vidfer.errors import DataError
from vidfer.tables import iterate_rows

FOLDERS = ("videos", "annotations", "joints")

ANNOTATIONS = ("train.csv", "val.csv")

LAYOUT = "videos/, annotations/ and joints/ of BoLD (BOLD_public)"


def find_bold(root: Path) -> list[Clip]:
    """Lists the people in BoLD's videos, one clip each, without labels.

    A row of ``annotations/train.csv`` and ``val.csv`` is one person in one video. The tables have no header;
    their columns are video, person, first frame, last frame, scores. The frames give ``start_s`` and
    ``end_s``. The joints of the head give ``box_hint`` (None where they are unknown), so that the right face
    is followed. BoLD rates 26 categories of bodily emotion, not facial expressions. So its clips are
    ``unlabelled`` and may be pseudo-labelled.

    Raises:
        DataError: a folder, an annotation, a video or a file of joints is missing, or cannot be read.
    """
    check_folder(root, LAYOUT)
    _check_folders(root)
    # Imports NumPy; the command line imports this module and must start fast.
    from vidfer.clips.sources.bold_joints import locate_person

    clips = []
    header_of = cache(video_header)
    for annotation in ANNOTATIONS:
        table = root / "annotations" / annotation
        if not table.is_file():
            continue
        for video, person, first, last in _read_annotation(table):
            path = root / "videos" / video
            # A video whose header cannot be read stays in the list. The cache will tell why it is unreadable.
            fps, n_frames = header_of(path) or (None, 0)
            place = locate_person(
                (root / "joints" / video).with_suffix(".npy"),
                person=person,
                first_frame=first,
                last_frame=last,
                n_frames=n_frames,
            )
            clips.append(
                Clip(
                    id=f"{video}#{person}@{first}-{last}",
                    path=path,
                    split="unlabelled",
                    start_s=place.first_frame / fps if fps else None,
                    end_s=(place.last_frame + 1) / fps if fps else None,
                    box_hint=place.head_xyxy,
                    source="bold",
                )
            )
    if not clips:
        raise DataError(f"the annotations in {root / 'annotations'} have no rows; unpack BoLD again")
    return clips


def _check_folders(root: Path) -> None:
    missing = [name for name in FOLDERS if not (root / name).is_dir()]
    if len(missing) == len(FOLDERS):
        raise wrong_root(root, lambda folder: (folder / "annotations").is_dir(), LAYOUT)
    if missing:
        raise DataError(f"{root} has no folder {missing[0]}/; unpack this part of BoLD there")
    if not any((root / "annotations" / name).is_file() for name in ANNOTATIONS):
        raise DataError(
            f"{root / 'annotations'} has neither train.csv nor val.csv; unpack BoLD's annotations there"
        )


def _read_annotation(table: Path) -> list[tuple[str, int, int, int]]:
    """The video (relative, with forward slashes), person, first and last frame of each row."""
    rows = []
    for where, cells in iterate_rows(table):
        try:
            person, first, last = (int(float(cell)) for cell in cells[1:4])
        except ValueError as error:
            raise DataError(
                f"{where} is '{','.join(cells[:4])}'; BoLD's rows begin with video,person,first frame,last "
                "frame"
            ) from error
        rows.append((cells[0].removeprefix("videos/"), person, first, last))
    videos = table.parent.parent / "videos"
    missing = [videos / video for video, *_ in rows if not (videos / video).is_file()]
    if missing:
        raise missing_clips(missing, len(rows), table, "Unpack all of BoLD's videos")
    return rows


BOLD = Source(
    find=find_bold,
    layout="videos/003/<id>.mp4/<nnnn>.mp4, annotations/train.csv and val.csv, joints/ like videos/",
    labels="none; its people are unlabelled clips for pseudo-labels",
    size="9,876 clips with 13,239 people",
    licence="on request from its authors, research only",
)
