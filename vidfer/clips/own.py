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
from vidfer.errors import VidferError

SPLITS = ("train", "val", "test", "unlabelled", None)

EXAMPLE = "my_source.py:my_clips"


def is_own(source: str) -> bool:
    """Whether ``--src`` names a user's file, ``my_source.py:my_clips``, and not one of vidfer's sources."""
    return ".py:" in source or source.endswith(".py")


def own_clips(source: str, root: Path) -> list[Clip]:
    """Clips that the user's function returns for the root, after checks; their source is file and function.

    This runs the code of the user's file. Labels are brought to their canonical names.

    Args:
        source: file and function, ``my_source.py:my_clips``.
        root: handed to the function as it is.

    Raises:
        VidferError: no such file or function, an error in the user's code, a result that is no list of
            clips, no clip at all, or not one whose file is there.
    """
    function = _load(source)
    try:
        clips = function(root)
    except VidferError:
        raise
    except (Exception, SystemExit) as error:
        raise VidferError(f"{source} failed on {root} with {_said(error, source)}") from error
    if not isinstance(clips, list) or not all(isinstance(clip, Clip) for clip in clips):
        odd = next((c for c in clips if not isinstance(c, Clip)), None) if isinstance(clips, list) else clips
        what = "a list with" if isinstance(clips, list) else "no list but"
        raise VidferError(
            f"{source} returned {what} {type(odd).__name__}; it must return a list of vidfer.clips.Clip"
        )
    if not clips:
        raise VidferError(f"{source} found no clip in {root}; check the root, or the function")
    clips = [_checked(clip, source) for clip in clips]
    if not any(clip.path.exists() for clip in clips):
        raise VidferError(
            f"none of the {len(clips)} files that {source} names is there, first {clips[0].path}; "
            "build each path from the root that the function is given"
        )
    return clips


def _load(source: str) -> Callable[[Path], object]:
    name, _, function = source.rpartition(":") if not source.endswith(".py") else (source, "", "")
    file = Path(name)
    if not file.is_file():
        raise VidferError(f"there is no file {file}; give your source as {EXAMPLE}")
    if not function:
        raise VidferError(f"{source} does not say which function; give your source as {file}:my_clips")
    spec = importlib.util.spec_from_file_location(f"vidfer_own_source_{file.stem}", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses in the user's file look their module up there
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise VidferError(f"{file} cannot be loaded: {_said(error, source)}") from error
    found = getattr(module, function, None)
    if not callable(found):
        names = [n for n, value in vars(module).items() if getattr(value, "__module__", "") == spec.name]
        there = ", ".join(n for n in names if not n.startswith("_")) or "none"
        raise VidferError(f"{file} has no function {function}; its functions are: {there}")
    return found


def _said(error: BaseException, source: str) -> str:
    """Type and message of an error, with the last line of the user's file that it came through."""
    line, trace = "", error.__traceback__
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename).name == Path(source.rpartition(":")[0]).name:
            line = f" (line {trace.tb_lineno})"
        trace = trace.tb_next
    return f"{type(error).__name__}: {error}{line}"


def _checked(clip: Clip, source: str) -> Clip:
    if not isinstance(clip.id, str) or not clip.id:
        raise VidferError(f"{source} made a clip with the id {clip.id!r}; an id is a text, like 'ann/01.mp4'")
    if not isinstance(clip.path, Path):
        raise VidferError(f"{source} gave clip '{clip.id}' the path {clip.path!r}; use a pathlib.Path")
    if clip.split not in SPLITS:
        raise VidferError(
            f"{source} gave clip '{clip.id}' the split {clip.split!r}; "
            "use train, val, test, unlabelled or None"
        )
    for name in ("label", "subject"):
        value = getattr(clip, name)
        if value is not None and (not isinstance(value, str) or not value):
            raise VidferError(f"{source} gave clip '{clip.id}' the {name} {value!r}; use a text, or None")
    for name, count, example in (("start_s", 1, 1.5), ("end_s", 1, 1.5), ("box_hint", 4, (10, 20, 90, 120))):
        value = getattr(clip, name)
        if value is not None and not _are_numbers(value if count > 1 else (value,), count):
            raise VidferError(f"{source} gave clip '{clip.id}' the {name} {value!r}; use {example}, or None")
    label = None if clip.label is None else canonical_label(clip.label)
    return replace(clip, label=label, source=Path(source).name)


def _are_numbers(values: object, count: int) -> bool:
    if not isinstance(values, Iterable) or len(values := tuple(values)) != count:
        return False
    return all(isinstance(value, Real) and math.isfinite(value) for value in values)
