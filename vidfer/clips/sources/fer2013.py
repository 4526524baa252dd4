"""FER2013: small grey faces from the internet (Goodfellow et al., ICONIP 2013)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from vidfer.clips.clip import Clip
from vidfer.clips.labels import is_expression
from vidfer.clips.media import list_folder
from vidfer.clips.root_checks import check_folder, wrong_root
from vidfer.clips.source import Source
from vidfer.clips.sources.folder import find_folder_clips
from vidfer.errors import DataError

SPLITS = {"Training": "train", "PublicTest": "val", "PrivateTest": "test"}

TABLES = ("fer2013.csv", "icml_face_data.csv")

IMAGES = "fer2013_images"
"""The folder beside the table into which its images are unpacked."""

LAYOUT = "fer2013.csv, or train/ or test/ with label folders, of FER2013"


def find_fer2013(root: Path) -> list[Clip]:
    """Lists the faces of FER2013, each a clip of one frame, with the official split.

    The root is ``fer2013.csv``, its folder, or the edition in folders. A clip is always a file, so the pixels
    in the table are written once as PNG beside it (``fer2013_images/Training/happy/fer0000007.png``).
    Training is ``train``, PublicTest ``val`` and PrivateTest ``test``. The edition in folders has both tests
    in ``test/``; the names of the files tell them apart. The face fills the image. The subjects are unknown.

    Raises:
        DataError: the root is wrong, a row cannot be read, or the images cannot be written.
    """
    is_table = root.is_file() and root.suffix.lower() == ".csv"
    if not is_table:
        check_folder(root, LAYOUT)
    table = root if is_table else next((root / name for name in TABLES if (root / name).is_file()), None)
    if table is not None:
        return _clips_of_table(table)
    if not _is_root(root):
        raise wrong_root(root, _is_root, LAYOUT)
    return [
        replace(
            clip,
            split=next((s for usage, s in SPLITS.items() if clip.path.name.startswith(usage)), clip.split),
            whole_face=True,
            source="fer2013",
        )
        for clip in find_folder_clips(root)
    ]


def _clips_of_table(table: Path) -> list[Clip]:
    # Imports OpenCV and NumPy; the command line imports this module and must start fast.
    from vidfer.clips.sources.fer2013_table import read_faces, unpack_faces

    images = table.parent / IMAGES
    if not images.is_dir():
        unpack_faces(table, images)
    clips = [
        Clip(
            id=f"{IMAGES}/{face.file}",
            path=images / face.file,
            label=face.label,
            split=SPLITS[face.usage],
            whole_face=True,
            source="fer2013",
        )
        for face in read_faces(table)
    ]
    if not clips:
        raise DataError(f"{table} has a header but no rows; download the table again")
    n_images = sum(1 for _ in images.rglob("*.png"))
    if n_images != len(clips) or not all(clip.path.is_file() for clip in clips):
        raise DataError(
            f"the {n_images} images in {images} do not belong to the {len(clips)} rows of {table}; delete "
            "that folder, and vidfer writes it again"
        )
    return clips


def _is_root(path: Path) -> bool:
    # Many copies have the training images alone.
    return any((path / name).is_file() for name in TABLES) or any(
        (path / split).is_dir() and any(is_expression(label.name) for label in list_folder(path / split))
        for split in ("train", "test")
    )


FER2013 = Source(
    find=find_fer2013,
    layout="fer2013.csv (emotion,pixels,Usage), unpacked once into fer2013_images/ beside it; or "
    "train/<label>/*.jpg and test/<label>/*.jpg",
    labels="column emotion (0 angry, 1 disgust, 2 fear, 3 happy, 4 sad, 5 surprise, 6 neutral), or folder",
    size="35,887 grey faces of 48x48 pixels",
    licence="we know of no licence text; published for a challenge, the pictures collected from the web",
    marks=TABLES,
)
