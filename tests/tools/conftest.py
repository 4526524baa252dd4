"""Tools are programs, not a package: their tests import them as the programs import each other."""

import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"
sys.path.insert(0, str(TOOLS))


@pytest.fixture(scope="session")
def tools() -> Path:
    """The folder of the tools."""
    return TOOLS
