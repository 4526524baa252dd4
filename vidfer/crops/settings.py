"""Every choice that shapes the crops; stored in the cache's attributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from vidfer.errors import VidferError

Reader = Literal["auto", "decord", "pyav"]
Whose = Literal["main", "longest", "largest", "centre", "all", "picture"]


@dataclass(frozen=True, kw_only=True)
class CropSettings:
    """How frames are read, the face found and followed, and the three regions cut."""

    size_px: int = 224
    """Side of the square crops of face, eyes and mouth, in pixels."""
    enhance: str = "brighten"
    """What is done to frames before the face is looked for: `brighten` lifts dark clips and leaves the
    others as they are, `none`, or the path of an ONNX model of EnlightenGAN's contract."""
    min_face_px: float = 40.0
    """Side of the smallest face to look for, in pixels of a frame whose short side is between 160 and 720
    pixels. It grows with larger frames and never exceeds a quarter of the short side of smaller ones.
    Halving it costs four times the detection time."""
    thresholds: tuple[float, float, float] = (0.6, 0.7, 0.7)
    """Least score that a face needs in MTCNN's P-, R- and O-Net."""
    key_every_s: float = 0.7
    """Whole frames are searched for faces about so often, in seconds; between them faces are followed. 0
    searches every frame."""
    face: Whose = "main"
    """Whose face is taken where several are seen: `main` has the greatest sum of side times score over time,
    `longest` is seen in most frames, `largest` and `centre` are so most of the time; `all` takes everybody,
    each as a clip of their own, the main person first. A person that the data set marks goes first. `picture`
    searches nothing: every picture was cut to the face before, and is taken whole."""
    max_gap_s: float = 0.4
    """Where the face is lost for no longer than this, its place is interpolated; longer gaps are missing."""
    smooth_s: float = 0.04
    """Standard deviation of the Gaussian that steadies the landmarks over time; 0 leaves them as found."""
    face_side: float = 2.9
    """Side of the face square in face scales: distances between the eyes of a face seen from the front."""
    eyes_side: float = 2.1
    """Side of the eyes square in face scales."""
    mouth_side: float = 1.6
    """Side of the mouth square in face scales."""
    reader: Reader = "auto"
    """What decodes videos. `auto` is decord where its frames are proved to be those of PyAV, and PyAV
    elsewhere. `decord` and `pyav` force one of them; `decord` lists a video as unreadable where decord cannot
    be proved right."""
    fps: float | None = None
    """Frames per second to take from a video; all frames when not given."""
    max_frames: int | None = None
    """Most frames to take from a clip, spread evenly over it; all frames when not given."""

    def __post_init__(self) -> None:
        for name in ("size_px", "min_face_px", "face_side", "eyes_side", "mouth_side"):
            if not getattr(self, name) > 0:
                raise VidferError(f"{name} is {getattr(self, name)}; it must be greater than 0")
        for name in ("key_every_s", "max_gap_s", "smooth_s"):
            if not getattr(self, name) >= 0:
                raise VidferError(f"{name} is {getattr(self, name)}; it must be 0 or greater")
        for name in ("fps", "max_frames"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise VidferError(
                    f"{name} is {value}; it must be greater than 0, or left out to take every frame"
                )
        for name, choices in (("face", get_args(Whose)), ("reader", get_args(Reader))):
            value = getattr(self, name)
            if value not in choices:
                raise VidferError(f"{name} is '{value}'; it must be one of {', '.join(choices)}")
        if len(self.thresholds) != 3 or not all(0 < t < 1 for t in self.thresholds):
            raise VidferError(f"thresholds are {self.thresholds}; three numbers between 0 and 1 are needed")


def same_crops(settings: dict) -> dict:
    """Crop settings as a dictionary, with one spelling for all that give the same crops, byte for byte.

    The reader ``auto`` uses decord only where it gives the bytes of ``pyav``.
    """
    return settings | {"reader": "pyav"} if settings.get("reader") == "auto" else settings
