"""The rooms and their borders: who may import whom, who may speak to people, what a start may cost."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "vidfer"

ROOMS = (
    *("clips", "crops", "store", "build", "data", "models"),
    *("infer", "runs", "learn", "evaluate", "report", "app", "commands"),
)
"""In the order of the data's way; a room imports from rooms before it only."""

DOORS = ("__init__.py", "__main__.py")
"""How Python and the command line enter; they lead into the rooms, and no room goes through them."""

PUBLIC = {f"vidfer.{name}" for name in ("CropCache", "Predictor", "build_cache", "find_clips", "load")}

MAX_LINES = 350

HEAVY = {
    *("torch", "torchvision", "cv2", "kornia", "decord", "h5py", "av", "accelerate", "matplotlib", "numpy"),
    "pyarrow",
}

LIGHT_MODULES = [
    *("vidfer", "vidfer.errors", "vidfer.crops", "vidfer.clips"),
    *sorted(f"vidfer.{path.parent.name}.settings" for path in PACKAGE.glob("*/settings.py")),
    *sorted(f"vidfer.commands.{path.stem}" for path in PACKAGE.glob("commands/*.py")),
]


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def imported(tree: ast.AST) -> set[str]:
    """Full names of all modules that a file imports, wherever in it."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the border that they cross"
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def rooms_of(names: set[str]) -> set[str]:
    """Rooms among modules of vidfer."""
    parts = [name.split(".") for name in names]
    return {part[1] for part in parts if part[0] == "vidfer" and len(part) > 1} & {*ROOMS, "actors"}


def crossings(room: str, tree: ast.AST) -> set[str]:
    """Rooms that a file of ``room`` imports and must not."""
    allowed = set() if room == "actors" else {*ROOMS[: ROOMS.index(room)]}
    if room == "commands":
        allowed.add("actors")
    return rooms_of(imported(tree)) - allowed - {room}


def speech(tree: ast.AST) -> list[str]:
    """Calls of print, and imports of what parses arguments."""
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    said = [func.id for func in calls if isinstance(func, ast.Name) and func.id in ("print", "input")]
    return said + sorted({name.split(".")[0] for name in imported(tree)} & {"argparse", "tyro", "tqdm"})


def test_every_folder_is_a_known_room():
    assert {path.parent.name for path in PACKAGE.glob("*/__init__.py")} == {*ROOMS, "actors"}


@pytest.mark.parametrize("path", sources(), ids=name_of)
def test_borders(path):
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert len(text.splitlines()) <= MAX_LINES
    room, *inside = path.relative_to(PACKAGE).parts
    if not inside and room not in DOORS:  # beside the rooms stands what all of them may use
        assert not rooms_of(imported(tree))
    elif inside:
        assert not crossings(room, tree)
        assert not imported(tree) & PUBLIC, "rooms import from rooms, not from the door"
    if room not in ("commands", "errors.py"):  # errors.py has exit_on_user_error, which ends programs
        assert not speech(tree)
    if room == "actors":
        others = {name for name in imported(tree) if name.startswith("vidfer.")}
        beside = ("errors", "files", "rare", "tables", "workers", "actors")
        assert not {name for name in others if name.split(".")[1] not in beside}


@pytest.mark.parametrize(
    ("room", "line", "crossed"),
    [
        ("data", "from vidfer.models.build import build_encoder", {"models"}),
        ("crops", "def f():\n    from vidfer import store", {"store"}),
        ("learn", "import vidfer.evaluate.result", {"evaluate"}),
        ("actors", "from vidfer.clips.labels import BASIC", {"clips"}),
        ("models", "from vidfer.actors.write import write_actors", {"actors"}),
        ("report", "from vidfer.clips.clip import Clip\nimport vidfer.report.page", set()),
    ],
)
def test_a_crossing_is_seen(room, line, crossed):
    assert crossings(room, ast.parse(line)) == crossed


def test_speech_is_heard():
    assert speech(ast.parse("import argparse\nprint('here')\nbox.print()")) == ["print", "argparse"]


def test_parsing_loads_nothing_heavy():
    """One process for all: whatever one module loaded would be seen here just as well."""
    code = (
        f"import importlib, sys\nfor name in {LIGHT_MODULES!r}:\n    importlib.import_module(name)\n"
        f"    heavy = sorted({HEAVY!r} & set(sys.modules))\n    assert not heavy, (name, heavy)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_file_of_the_package_is_installed():
    """What is no Python file reaches users only if a pattern of package-data names it."""
    text = (PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8")
    patterns = re.findall(r'"([^"]+)"', re.search(r"^vidfer = \[(.+)\]$", text, re.MULTILINE)[1])
    named = {path for pattern in patterns for path in PACKAGE.glob(pattern)}
    files = {path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert {name_of(path) for path in files - named if path.suffix != ".py"} == set()
