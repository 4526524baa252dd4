"""Folders of clips without content: the sources look at names only."""

from pathlib import Path

import pytest


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
