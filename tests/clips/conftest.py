"""Folders of clips: drawn ones for the official layouts, empty ones where only names are looked at."""

from pathlib import Path

import pytest
from drawn_media import write_tree

from vidfer.clips import find_clips
from vidfer.crops.decode.video import read_chunks


@pytest.fixture
def touch(tmp_path):
    """Make empty files below ``tmp_path / "data"`` and return that folder."""

    def make(*names: str) -> Path:
        root = tmp_path / "data"
        root.mkdir(exist_ok=True)
        for name in names:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return root

    return make


@pytest.fixture(scope="session")
def scratch(tmp_path_factory) -> Path:
    """Where the one video of each kind is written, before it is copied."""
    return tmp_path_factory.mktemp("drawn_media")


@pytest.fixture
def draw(tmp_path, scratch):
    """Write drawn videos and images below ``tmp_path / "data"`` and return that folder."""
    return lambda *names: write_tree(tmp_path / "data", names, scratch)


@pytest.fixture
def found():
    """found(source, root) -> id: (label, subject, split), of clips that can all be read.

    Each clip must be of the source and have as many frames as it was drawn with.
    """

    def find(source: str, root: Path) -> dict[str, tuple]:
        clips = find_clips(source, root)
        for clip in clips:
            assert clip.source == source.partition(":")[0]
            n_frames = sum(map(len, read_chunks(clip.path)))
            assert n_frames == (3 if clip.path.is_dir() or _is_video(clip.path) else 1)
        return {clip.id: (clip.label, clip.subject, clip.split) for clip in clips}

    return find


def _is_video(path: Path) -> bool:
    return path.suffix in (".avi", ".mp4", ".flv")
