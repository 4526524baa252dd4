"""FER2013: small grey faces from the internet (Goodfellow et al., ICONIP 2013)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from vidfer.clips.about import About
from vidfer.clips.clip import Clip
from vidfer.clips.folder import folder
from vidfer.clips.labels import is_expression
from vidfer.clips.listing import check_folder, wrong_root
from vidfer.clips.media import visible
from vidfer.errors import VidferError

ABOUT = About(
    layout="fer2013.csv (emotion,pixels,Usage), unpacked once into fer2013_images/ beside it; or "
    "train/<label>/*.jpg and test/<label>/*.jpg",
    labels="column emotion (0 angry, 1 disgust, 2 fear, 3 happy, 4 sad, 5 surprise, 6 neutral), or folder",
    size="35,887 grey faces of 48x48 pixels",
    licence="we know of no licence text; published for a challenge, the pictures collected from the web",
)

SPLITS = {"Training": "train", "PublicTest": "val", "PrivateTest": "test"}

TABLES = ("fer2013.csv", "icml_face_data.csv")

UNPACKED = "fer2013_images"

LOOKED_FOR = "fer2013.csv, or train/ and test/ with label folders, of FER2013"


def fer2013(root: Path) -> list[Clip]:
    """Faces of FER2013, each a clip of one frame, with the official split; subjects are unknown.

    The root is ``fer2013.csv``, its folder, or the edition in folders. A clip is a file, so that the table's
    pixels are written once as PNG beside it (``fer2013_images/Training/happy/fer0000007.png``). Training is
    ``train``, PublicTest ``val`` and PrivateTest ``test``; the edition in folders has both in ``test``, and
    names of files tell them apart. The face fills the image.

    Raises:
        VidferError: one level too high or too low, other columns, a row that cannot be read, a folder that
            cannot be written.
    """
    is_table = root.is_file() and root.suffix.lower() == ".csv"
    if not is_table:
        check_folder(root, LOOKED_FOR)
    table = root if is_table else next((root / n for n in TABLES if (root / n).is_file()), None)
    if table is not None:
        return _faces(table)
    if not _is_root(root):
        raise wrong_root(root, _is_root, LOOKED_FOR)
    return [
        replace(
            clip,
            split=next((s for usage, s in SPLITS.items() if clip.path.name.startswith(usage)), clip.split),
            whole_face=True,
            source="fer2013",
        )
        for clip in folder(root)
    ]


def _faces(table: Path) -> list[Clip]:
    # OpenCV and NumPy only here, because the command line imports the list of sources.
    from vidfer.clips.fer2013_table import read_faces, unpack_faces

    images = table.parent / UNPACKED
    if not images.is_dir():
        unpack_faces(table, images)
    clips = [
        Clip(
            id=f"{UNPACKED}/{face.file}",
            path=images / face.file,
            label=face.label,
            split=SPLITS[face.usage],
            whole_face=True,
            source="fer2013",
        )
        for face in read_faces(table)
    ]
    if not clips:
        raise VidferError(f"{table} has a header and no rows; download the table again")
    n_images = sum(1 for _ in images.rglob("*.png"))
    if n_images != len(clips) or not all(clip.path.is_file() for clip in clips):
        raise VidferError(
            f"the {n_images} images in {images} are not those of the {len(clips)} rows of {table}; "
            "delete that folder, and it is written again"
        )
    return clips


def _is_root(path: Path) -> bool:
    return any((path / name).is_file() for name in TABLES) or all(
        (path / split).is_dir() and any(is_expression(label.name) for label in visible(path / split))
        for split in ("train", "test")
    )
