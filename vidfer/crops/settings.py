"""Every setting that shapes the crops. A cache stores them in its attributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from vidfer.errors import SettingError
from vidfer.rare import Rare

Reader = Literal["auto", "decord", "pyav"]
Whose = Literal["main", "longest", "largest", "centre", "all", "picture"]


@dataclass(frozen=True, kw_only=True)
class CropSettings:
    """How frames are read, the face found and followed, and the three regions cut."""

    size_px: int = 224
    """Side of the square crops of face, eyes and mouth, in pixels."""
    enhance: str = "brighten"
    """What is done to frames before faces are searched: `brighten` makes dark clips lighter and leaves all
    others as they are, `none` does nothing, and the path of an ONNX model runs that (docs/crops.md says which
    kind of model)."""
    min_face_px: Rare[float] = 40.0
    """Side of the smallest face to search for, in pixels, in frames whose short side has 160 to 720 pixels.
    It grows with larger frames, and is at most a quarter of the short side of smaller ones. Half the value
    takes four times as long."""
    thresholds: Rare[tuple[float, float, float]] = (0.6, 0.7, 0.7)
    """Lowest score of a face in MTCNN's P-Net, R-Net and O-Net."""
    key_every_s: Rare[float] = 0.7
    """Time between two frames that are searched as a whole, in seconds; in the frames between, faces are
    followed. 0 searches every frame."""
    face: Whose = "main"
    """Whose face is used if a clip shows several people and the data set marks nobody: `main` (large, clear
    and seen for long), `longest` (seen in most frames), `largest`, `centre` (nearest to the middle) or `all`
    (everybody, each as a clip of their own). `picture` searches nothing; every picture was cut to the face
    before and is used whole."""
    max_gap_s: Rare[float] = 0.4
    """Longest gap, in seconds, in which the place of a lost face is interpolated; it is missing in longer
    ones."""
    smooth_s: Rare[float] = 0.04
    """Standard deviation, in seconds, of the Gaussian that smooths the landmarks over time; 0: none."""
    face_side: Rare[float] = 2.9
    """Side of the face square, in distances between the eyes of a face seen from the front."""
    eyes_side: Rare[float] = 2.1
    """Side of the eyes square, in the same unit."""
    mouth_side: Rare[float] = 1.6
    """Side of the mouth square, in the same unit."""
    reader: Reader = "auto"
    """What decodes videos: `auto` is decord where its frames are proved to be those of PyAV, and PyAV
    elsewhere; `decord` and `pyav` force one of them. With `decord`, a video is listed as unreadable where
    decord cannot be proved right."""
    fps: float | None = None
    """Frames per second to use of a video. By default all frames are used."""
    max_frames: Rare[int | None] = None
    """Highest number of frames to use of a clip, spread evenly over it. By default all frames are used."""

    def __post_init__(self) -> None:
        for name in ("size_px", "min_face_px", "face_side", "eyes_side", "mouth_side"):
            if not getattr(self, name) > 0:
                raise SettingError(f"{name} is {getattr(self, name)}; it must be greater than 0")
        for name in ("key_every_s", "max_gap_s", "smooth_s"):
            if not getattr(self, name) >= 0:
                raise SettingError(f"{name} is {getattr(self, name)}; it must be 0 or greater")
        for name in ("fps", "max_frames"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise SettingError(
                    f"{name} is {value}; it must be greater than 0; leave it out to use every frame"
                )
        for name, choices in (("face", get_args(Whose)), ("reader", get_args(Reader))):
            value = getattr(self, name)
            if value not in choices:
                raise SettingError(f"{name} is '{value}'; it must be one of {', '.join(choices)}")
        if len(self.thresholds) != 3 or not all(0 < t < 1 for t in self.thresholds):
            raise SettingError(f"thresholds is {self.thresholds}; it must be three numbers between 0 and 1")


def same_crops(settings: dict) -> dict:
    """Crop settings as a dictionary, with one spelling for all that give the same crops, byte for byte.

    The reader ``auto`` uses decord only where it gives the bytes of ``pyav``.
    """
    return settings | {"reader": "pyav"} if settings.get("reader") == "auto" else settings
