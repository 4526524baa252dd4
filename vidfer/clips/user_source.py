"""A source that a user wrote: one function in a Python file."""

from __future__ import annotations

import importlib.util
import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from numbers import Real
from pathlib import Path

from vidfer.clips.clip import Clip
from vidfer.clips.labels import canonical_label
from vidfer.errors import DataError, SettingError, VidferError

SPLITS = ("train", "val", "test", "unlabelled", None)

EXAMPLE = "my_source.py:my_clips"


def is_user_source(source: str) -> bool:
    """Whether ``--src`` names a file of the user, as in ``my_source.py:my_clips``."""
    return ".py:" in source or source.endswith(".py")


def run_user_source(source: str, root: Path) -> list[Clip]:
    """Runs the user's function and checks the clips that it returns.

    Labels get their canonical names. The source of the clips is the file and the function.

    Args:
        source: file and function, ``my_source.py:my_clips``.
        root: what the function is called with.

    Raises:
        SettingError: there is no such file or function.
        DataError: the user's code fails, returns no list of clips, or a clip with a wrong value; or none of
            the clips' files exists.
    """
    function = _load(source)
    try:
        clips = function(root)
    except VidferError:
        raise
    except (Exception, SystemExit) as error:
        raise DataError(f"{source} failed on {root} with {_describe(error, source)}") from error
    if not isinstance(clips, list) or not all(isinstance(clip, Clip) for clip in clips):
        odd = next((c for c in clips if not isinstance(c, Clip)), None) if isinstance(clips, list) else clips
        what = "a list with" if isinstance(clips, list) else "no list, but"
        raise DataError(
            f"{source} returned {what} {type(odd).__name__}; it must return a list of vidfer.clips.Clip"
        )
    if not clips:
        raise DataError(f"{source} found no clip in {root}; check the root, or the function")
    clips = [_checked(clip, source) for clip in clips]
    if not any(clip.path.exists() for clip in clips):
        raise DataError(
            f"none of the {len(clips)} files that {source} names exists; the first is {clips[0].path}. Build "
            "each path from the root that the function is given"
        )
    return clips


def _load(source: str) -> Callable[[Path], object]:
    name, _, function = source.rpartition(":") if not source.endswith(".py") else (source, "", "")
    file = Path(name)
    if not file.is_file():
        raise SettingError(f"there is no file {file}; give your source as {EXAMPLE}")
    if not function:
        raise SettingError(f"{source} does not say which function; give your source as {file}:my_clips")
    spec = importlib.util.spec_from_file_location(f"vidfer_user_source_{file.stem}", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses in the user's file look up their module there
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise DataError(f"{file} cannot be loaded: {_describe(error, source)}") from error
    found = getattr(module, function, None)
    if not callable(found):
        own = [name for name, value in vars(module).items() if getattr(value, "__module__", "") == spec.name]
        names = ", ".join(name for name in own if not name.startswith("_")) or "none"
        raise SettingError(f"{file} has no function {function}; its functions are: {names}")
    return found


def _describe(error: BaseException, source: str) -> str:
    """The type and message of an error, and the last line of the user's file that it passed."""
    line, trace = "", error.__traceback__
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename).name == Path(source.rpartition(":")[0]).name:
            line = f" (line {trace.tb_lineno})"
        trace = trace.tb_next
    return f"{type(error).__name__}: {error}{line}"


def _checked(clip: Clip, source: str) -> Clip:
    """The clip with its canonical label and its source; a wrong value is a DataError."""

    def refuse(name: str, wanted: str) -> DataError:
        value = getattr(clip, name)
        return DataError(f"{source} gave the clip '{clip.id}' the {name} {value!r}; give {wanted}")

    if not isinstance(clip.id, str) or not clip.id:
        raise refuse("id", "a text, such as 'ann/01.mp4'")
    if not isinstance(clip.path, Path):
        raise refuse("path", "a pathlib.Path")
    if clip.split not in SPLITS:
        raise refuse("split", "train, val, test, unlabelled or None")
    for name in ("label", "subject"):
        value = getattr(clip, name)
        if value is not None and (not isinstance(value, str) or not value):
            raise refuse(name, "a text, or None")
    for name, count, example in (("start_s", 1, 1.5), ("end_s", 1, 1.5), ("box_hint", 4, (10, 20, 90, 120))):
        value = getattr(clip, name)
        if value is not None and not _are_numbers(value if count > 1 else (value,), count):
            raise refuse(name, f"{example}, or None")
    label = None if clip.label is None else canonical_label(clip.label)
    return replace(clip, label=label, source=Path(source).name)


def _are_numbers(values: object, count: int) -> bool:
    if not isinstance(values, Iterable) or len(values := tuple(values)) != count:
        return False
    return all(isinstance(value, Real) and math.isfinite(value) for value in values)
