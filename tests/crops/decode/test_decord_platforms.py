"""The package asks for decord only where there are wheels of it."""

from pathlib import Path

import pytest
from packaging.requirements import Requirement

PYPROJECT = Path(__file__).parents[3] / "pyproject.toml"


@pytest.mark.parametrize(
    ("system", "machine", "has_wheel"),
    [
        ("linux", "x86_64", True),
        ("win32", "AMD64", True),
        ("linux", "aarch64", False),
        ("darwin", "arm64", False),
        ("darwin", "x86_64", False),
    ],
)
def test_decord_is_required_where_it_can_be_installed(system, machine, has_wheel):
    (line,) = (line for line in PYPROJECT.read_text().splitlines() if line.strip().startswith('"decord'))
    requirement = Requirement(line.strip().rstrip(",").strip('"'))
    assert requirement.name == "decord"
    assert requirement.marker.evaluate({"sys_platform": system, "platform_machine": machine}) == has_wheel
