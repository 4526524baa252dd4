"""What the system does not show counts as missing nowhere: Python 3.14 would say that it is missing."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from closed import closed

import vidfer
from vidfer.errors import CheckpointError
from vidfer.infer.support.support_file import load_support
from vidfer.models.checkpoint import load_checkpoint
from vidfer.reachable import check_all_reachable, check_can_write, check_reachable

LONG = Path("x" * 300)
"""No disk can have it, and the system says so to every user, as it says of a locked folder to some."""


@dataclass
class Group:
    name: str = "long"
    paths: tuple[Path, ...] = ()


@dataclass
class Settings:
    out: Path | None = None
    group: Group = field(default_factory=Group)


def test_a_locked_folder_is_told_before_anything_is_done(tmp_path):
    locked, read_only = tmp_path / "locked", tmp_path / "read_only"
    locked.mkdir(), read_only.mkdir()
    with closed(locked), closed(read_only, 0o555):
        check_reachable(locked)
        for check, path, told in (
            (check_reachable, locked / "film.mp4", locked / "film.mp4"),
            (check_can_write, locked / "mine.vidfer", locked),
            (check_can_write, read_only / "mine.vidfer", read_only),
        ):
            with pytest.raises(PermissionError) as caught:
                check(path)
            assert caught.value.filename == str(told)


def test_what_is_not_there_may_be_named(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "missing")
    for name in ("missing", "file/inside", "link", "file", ""):
        check_reachable(tmp_path / name)


def test_a_ring_of_links_is_no_place(tmp_path):
    ring = tmp_path / "ring"
    ring.symlink_to(ring)
    uses = (check_reachable, vidfer.CropCache, lambda path: vidfer.find_clips("folder", path))
    for use in (*uses, lambda path: vidfer.build_cache([], path)):
        with pytest.raises(OSError, match="symbolic links"):
            use(ring)


def test_every_path_of_settings_is_asked_for(tmp_path):
    check_all_reachable(Settings(tmp_path / "new", Group(paths=(tmp_path, tmp_path / "missing"))))
    for settings in (Settings(LONG), Settings(group=Group(paths=(tmp_path, LONG)))):
        with pytest.raises(OSError, match="too long"):
            check_all_reachable(settings)


@pytest.mark.parametrize(
    "use",
    [
        vidfer.CropCache,
        load_support,
        load_checkpoint,
        lambda path: vidfer.find_clips("folder", path),
        lambda path: vidfer.find_clips("afew", path),
    ],
    ids=["cache", "own expressions", "checkpoint", "folder", "afew"],
)
def test_the_system_gives_the_reason_not_a_guess(use):
    with pytest.raises(OSError, match="too long"):
        use(LONG)


def test_what_is_not_there_is_still_told_in_our_words(tmp_path):
    with pytest.raises(CheckpointError):
        load_checkpoint(tmp_path / "missing")


def test_a_place_for_a_file_is_looked_at_beforehand(tmp_path):
    check_can_write(tmp_path / "new" / "folder" / "mine.vidfer")
    assert not (tmp_path / "new").exists()
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="file"):
        check_can_write(tmp_path / "file" / "new" / "mine.vidfer")
