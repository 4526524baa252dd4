"""BoLD: body language in the wild (Luo et al., IJCV 2020)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from vidfer.clips.about import About
from vidfer.clips.clip import Clip
from vidfer.clips.listing import absent_clips, check_folder, wrong_root
from vidfer.clips.media import video_header
from vidfer.errors import VidferError
from vidfer.tables import iterate_rows

ABOUT = About(
    layout="videos/003/<id>.mp4/<nnnn>.mp4, annotations/train.csv and val.csv, joints/ like videos/",
    labels="none taken: unlabelled people for pseudo-labels",
    size="9,876 clips with 13,239 people",
    licence="on request from its authors, research only",
)

LOOKED_FOR = "videos/, annotations/ and joints/ of BoLD (BOLD_public)"


def bold(root: Path) -> list[Clip]:
    """People of BoLD, one clip each, without labels.

    A row of ``annotations/train.csv`` and ``val.csv`` (no header: video, person, first frame, last frame,
    scores ...) is one person in one video: ``start_s`` and ``end_s`` come from its frames, and ``box_hint``
    from the joints of the head (None where they are unknown), so that the right face is followed. BoLD rates
    26 categories of bodily emotion, not facial expressions; so its clips are ``unlabelled`` and may be
    pseudo-labelled. The licence is granted on request, for research.

    Raises:
        VidferError: a folder or annotation is missing, a row cannot be read, a video or joints file is
            absent.
    """
    check_folder(root, LOOKED_FOR)
    _check_parts(root)
    # NumPy only here, because the command line imports the list of sources.
    from vidfer.clips.bold_joints import locate_person

    clips = []
    header_of = cache(video_header)
    for annotation in ("train.csv", "val.csv"):
        file = root / "annotations" / annotation
        if not file.is_file():
            continue
        for video, person, first, last in _read_rows(file):
            path = root / "videos" / video
            # A video whose header cannot be read stays in the list; reading it will tell the reason.
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
        raise VidferError(f"the annotations in {root / 'annotations'} have no rows; unpack BoLD again")
    return clips


def _check_parts(root: Path) -> None:
    missing = [name for name in ("videos", "annotations", "joints") if not (root / name).is_dir()]
    if len(missing) == 3:
        raise wrong_root(root, lambda folder: (folder / "annotations").is_dir(), LOOKED_FOR)
    if missing:
        raise VidferError(f"{root} lacks the folder {missing[0]}/; unpack this part of BoLD there")
    if not any((root / "annotations" / name).is_file() for name in ("train.csv", "val.csv")):
        raise VidferError(
            f"{root / 'annotations'} holds neither train.csv nor val.csv; unpack BoLD's annotations there"
        )


def _read_rows(file: Path) -> list[tuple[str, int, int, int]]:
    """Video (relative, with forward slashes), person, first and last frame of each row."""
    rows = []
    videos = file.parent.parent / "videos"
    for where, row in iterate_rows(file):
        try:
            person, first, last = (int(float(cell)) for cell in row[1:4])
        except ValueError as error:
            raise VidferError(
                f"{where} is {','.join(row[:4])!r}; it must begin with video,person,first frame,last frame, "
                "as BoLD's own annotations do"
            ) from error
        rows.append((row[0].removeprefix("videos/"), person, first, last))
    absent = [video for video, *_ in rows if not (videos / video).is_file()]
    if absent:
        paths = [videos / video for video in absent]
        raise absent_clips(paths, len(rows), file, "unpack all of BoLD's videos")
    return rows
