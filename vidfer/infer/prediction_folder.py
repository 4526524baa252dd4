"""What a prediction leaves in its folder: ``predict.json`` beside the tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import vidfer
from vidfer.clips.inputs import PREDICTION
from vidfer.crops.rotation import how_to_turn
from vidfer.errors import ResultError
from vidfer.files import write_json
from vidfer.infer.moment import Moment
from vidfer.infer.moment_table import read_moments

FORMAT, VERSION = "vidfer-prediction", 1
ABOUT = PREDICTION
FRAMES, SEGMENTS, CLIPS = "frames.csv", "segments.csv", "clips.csv"


@dataclass(frozen=True, kw_only=True)
class PredictedInput:
    """A video, image or folder of frames, and how far its prediction is."""

    name: str
    """As it stands in the column ``input`` of the tables."""
    path: str
    """Where it was read."""
    state: str = "waiting"
    """``waiting``, ``begun``, ``done``, or ``failed``: nothing could be read."""
    reason: str = ""
    """Why it failed, or why it was not read to its end."""
    rotate_deg: int = 0
    """By how many degrees it must be turned clockwise, so that its faces are upright: 90, 180 or 270. 0 if
    they are, or if this could not be told."""
    n_bytes: int = 0
    """Size of the file when it was predicted; 0 for a folder."""
    n_frames: int = 0
    n_people: int = 0
    duration_s: float = 0.0
    """Time of the last frame that was read, in seconds since the first frame of the file."""
    width: int = 0
    height: int = 0

    @property
    def not_upright(self) -> str:
        """That its faces are not upright, and the remedy; empty where they are."""
        says = "its faces are not upright, so what was found in it is not reliable"
        return f"{says}; {self.how_to_turn}" if self.rotate_deg else ""

    @property
    def how_to_turn(self) -> str:
        """What to do so that its faces are upright; empty where they are."""
        if not self.rotate_deg:
            return ""
        return f"{how_to_turn(Path(self.path), self.rotate_deg)}, and predict it again"


@dataclass(frozen=True, kw_only=True)
class PredictionFolder:
    """The settings of a prediction and the state of its inputs."""

    folder: Path
    classes: tuple[str, ...]
    """The expressions, in the order of their columns."""
    model: dict
    """``name``, ``hash`` (64 hex digits), ``kind``, and ``threshold``: below it the label is ``unsure``."""
    settings: dict
    """Of reading, following and windows."""
    inputs: tuple[PredictedInput, ...] = ()
    bytes_done: dict[str, int] = field(default_factory=dict)
    """How long each table was when the last input was done; rows beyond are of one that was not finished."""

    @property
    def frames_csv(self) -> Path:
        return self.folder / FRAMES

    @property
    def segments_csv(self) -> Path:
        return self.folder / SEGMENTS

    @property
    def clips_csv(self) -> Path:
        return self.folder / CLIPS

    def moments(self, name: str | None = None) -> Iterator[list[Moment]]:
        """The moments of each frame of one input, or of all; see :func:`read_moments`."""
        return read_moments(self.frames_csv, self.classes, name)

    def write(self) -> None:
        """Write ``predict.json`` as a whole or not at all."""
        about = {"format": FORMAT, "version": VERSION, "vidfer": vidfer.__version__}
        content = {name: value for name, value in asdict(self).items() if name != "folder"}
        write_json(self.folder / ABOUT, about | content)


def read_prediction(folder: Path) -> PredictionFolder:
    """Read what :meth:`PredictionFolder.write` wrote.

    Raises:
        ResultError: there is none, it is damaged, or a later vidfer wrote it.
    """
    file = Path(folder) / ABOUT
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        found = content["format"], content["version"]
        inputs = tuple(PredictedInput(**one) for one in content["inputs"])
        read = PredictionFolder(
            folder=Path(folder),
            classes=tuple(map(str, content["classes"])),
            model=dict(content["model"]),
            settings=dict(content["settings"]),
            inputs=inputs,
            bytes_done={str(name): int(n) for name, n in content["bytes_done"].items()},
        )
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ResultError(
            f"there is no {ABOUT} in {folder}, so it is no prediction; name the --out of `vidfer predict`"
        ) from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ResultError(f"{file} is damaged ({error!r}); predict again into another folder") from error
    if found != (FORMAT, VERSION):
        raise ResultError(
            f"{file} has format {found}, and this vidfer reads {(FORMAT, VERSION)}; update vidfer"
        )
    return read
