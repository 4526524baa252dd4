"""``vidfer inspect``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import tyro

from vidfer.commands.console import parse
from vidfer.commands.progress import Progress
from vidfer.commands.say import give, output, say
from vidfer.errors import SettingError
from vidfer.files import file_name
from vidfer.included import checkpoint_folder

EXAMPLES = (
    ("vidfer inspect cache/afew.h5", "say what a cache holds"),
    ("vidfer inspect cache/afew.h5 --failures", "list the clips that went wrong, with reasons"),
    (
        "vidfer inspect cache/afew.h5 --clip Train_AFEW/Happy/0001.avi --out clip.png",
        "draw the crops of one clip",
    ),
    ("vidfer inspect cache/afew.h5 --against old/afew.h5", "say in what two caches differ, clip by clip"),
)


def main(arguments: Sequence[str]) -> int:
    """``vidfer inspect``"""

    @dataclass(frozen=True, kw_only=True)
    class Inspect:
        """Say what a cache holds, list the clips that went wrong, draw a contact sheet of one clip, or
        compare the cache with another; or say what a checkpoint is made of."""

        cache: tyro.conf.Positional[Path]
        """The cache; or a run folder, a checkpoint, or the name of an included network."""
        failures: bool = False
        """List clips that could not be read, or not to their end, and clips that show no face or few; with
        reasons."""
        clip: str | None = None
        """Id of a clip to draw: frames with box and landmarks, and under each its three crops."""
        against: Path | None = None
        """Another cache: say in which settings, clips, crops and labels the two differ."""
        root: Path | None = None
        """With --clip: the folder of the videos, to show whole frames too. The cache has only crops."""
        out: Path | None = None
        """With --clip: the PNG to write, by default named after the clip. With --failures: a .csv table to
        write."""

    options = parse(Inspect, arguments)
    _check_inspect(options)
    folder = checkpoint_folder(options.cache)
    if (folder / "model.safetensors").is_file() or (folder / "checkpoints").is_dir():
        return _say_checkpoint(options)
    from vidfer.store.reader import CropCache

    crops = CropCache(options.cache)
    if options.against:
        return _say_difference(options, crops)
    if options.clip is not None:
        from vidfer.report.contact_sheet import contact_sheet

        out = options.out or Path(file_name(Path(options.clip.replace("#", "_")).stem, ".png"))
        notes = contact_sheet(crops, options.clip, out, root=options.root)
        say("\n  ".join([str(out), *notes]))
        give(out, notes=notes)
    elif options.failures:
        from vidfer.store.failures import failures_page, list_failures, write_failures

        if options.out:
            say(f"{options.out}: {write_failures(crops, options.out)} lines")
        else:
            say(failures_page(crops))
        give(*filter(None, [options.out]), failures=[asdict(failure) for failure in list_failures(crops)])
    else:
        from vidfer.store.inspect import inspect_cache, summarise

        say(inspect_cache(crops))
        if output.json:  # counting takes a while
            facts = asdict(summarise(crops))
            counts = facts["counts"].items()
            facts["counts"] = [{"split": split, "label": label, "clips": n} for (split, label), n in counts]
            give(cache=options.cache, **facts)
    return 0


def _say_difference(options, crops) -> int:
    from vidfer.store.difference import difference, difference_page
    from vidfer.store.reader import CropCache

    with Progress("comparing", "clip") as progress:
        found = difference(crops, CropCache(options.against), progress)
    say(difference_page(options.cache, options.against, found))
    give(**asdict(found))
    return 0 if found.same_content else 1


def _say_checkpoint(options) -> int:
    if options.failures or options.clip is not None:
        raise SettingError(f"{options.cache} is a checkpoint; --failures and --clip are about a cache")
    if options.against:
        raise SettingError(f"{options.cache} is a checkpoint; --against compares two caches")
    from vidfer.infer.selective import choose_threshold, read_calibration
    from vidfer.models.checkpoint import read_info, read_outline
    from vidfer.models.describe import checkpoint_page, network_lines

    folder = checkpoint_folder(options.cache)
    say(checkpoint_page(folder))
    if read_outline(folder).classes:
        say(f"{'answers':11}{choose_threshold(read_calibration(read_info(folder), folder))[1]}")
    give(checkpoint=folder, **network_lines(folder))
    return 0


def _check_inspect(options) -> None:
    if options.failures and options.clip is not None:
        raise SettingError("--failures is about all clips, and --clip is about one; give one of them")
    if options.against and (options.failures or options.clip is not None):
        raise SettingError(
            "--against is about two caches, --failures and --clip are about one; give one of them"
        )
    if options.root and options.clip is None:
        raise SettingError("--root has no effect without --clip; add --clip, or leave out --root")
    if options.out and options.clip is None and not options.failures:
        raise SettingError(
            "--out has no effect without --clip or --failures; add one of them, or leave out --out"
        )
