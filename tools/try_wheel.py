"""Build wheel and source distribution, install the wheel into an empty environment, and use it there.

`make package` runs this. The commands run in a folder of their own, where nothing of the repository can be
imported. The environment takes 7 GB of disk until the program has ended.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.metadata import Metadata
from program import run

from vidfer.errors import VidferError

ROOT = Path(__file__).resolve().parents[1]

ONLY_IN_A_CHECKOUT = (".ci/", ".gitignore", "cache/.gitignore")
"""Beginnings of the names of files that the source distribution does not have."""

ACTORS = "--train-per-class 2 --train-subjects 4 --val-per-class 1 --val-subjects 2 --test-per-class 1"
FEW = "--test-subjects 2 --novel-per-class 0 --unlabelled 0 --max-duration-s 0.6"
SMALL = "--encoder.width 8 --encoder.input-px 32 --data.frames 2 --train.batch-size 4 --train.epochs 1"
COMMANDS = (
    f"vidfer actors --out actors {ACTORS} {FEW}",
    "vidfer predict {film} --out prediction --video",
    "vidfer cache --src actors --root actors --out actors.h5 --size-px 64",
    "vidfer train",
    f"vidfer train supervised --cache actors.h5 --out runs/one {SMALL}",
    f"vidfer train supervised --cache actors.h5 --out runs/two {SMALL} --processes 2",
    f"accelerate launch {{recipes}}/supervised.py --cache actors.h5 --out runs/launched {SMALL}",
    "vidfer train noisy_student --protocol bold_student --help",
    "vidfer train fewshot --protocol crn --help",
    "vidfer train egs --protocol egs_5way_1shot --help",
    "vidfer eval --checkpoint runs/one --cache actors.h5",
    "vidfer report --runs runs/one --cache actors.h5 --out report.html",
    "python -c 'import vidfer; vidfer.load()'",
)
"""What runs with the installed package; ``film`` is one of the actors, ``recipes`` the installed folder."""

MADE = ("prediction/segments.csv", "runs/one/checkpoints/best", "runs/two/checkpoints/best", "report.html")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Build wheel and source distribution, and use the wheel in an empty environment."""

    out: Path = Path("dist")
    """Folder for the two files."""
    only_build: bool = False
    """Build and compare, but install nothing."""


class PackageError(VidferError):
    """What is built or installed is not as it should be."""


def main(settings: Settings) -> None:
    with tempfile.TemporaryDirectory(prefix="try_wheel_") as folder:
        wheel = build(Path(folder), settings.out.resolve())
        if not settings.only_build:
            use(wheel, Path(folder))
    print(f"{wheel.name} works" if not settings.only_build else f"{wheel.name} is complete")


def build(folder: Path, out: Path) -> Path:
    """Build the source distribution, and the wheel from it; returns the wheel.

    Raises:
        PackageError: the sources make another wheel, or it or the source distribution lacks one of them.
        packaging.metadata.InvalidMetadata: the metadata are not valid.
    """
    sources, direct = copy_of_repository(folder / "sources"), folder / "direct"
    for path in (*out.glob("vidfer-*.whl"), *out.glob("vidfer-*.tar.gz")):
        path.unlink()
    call([sys.executable, "-m", "build", "--outdir", str(out)], folder / "sources")
    call([sys.executable, "-m", "build", "--wheel", "--outdir", str(direct)], folder / "sources")
    (wheel,), (other,), (archive,) = out.glob("*.whl"), direct.glob("*.whl"), out.glob("*.tar.gz")
    if different := {*names_in(wheel)} ^ {*names_in(other)}:
        raise PackageError(
            f"only one of {wheel} and a wheel of the sources has {', '.join(sorted(different))}"
        )
    with tarfile.open(archive) as opened:
        packed = {name.partition("/")[2] for name in opened.getnames()}
    if lacking := {name for name in sources - packed if not name.startswith(ONLY_IN_A_CHECKOUT)}:
        raise PackageError(f"{archive} lacks {', '.join(sorted(lacking))}; name them in MANIFEST.in")
    with zipfile.ZipFile(wheel) as opened:
        (name,) = (name for name in opened.namelist() if name.endswith(".dist-info/METADATA"))
        Metadata.from_email(opened.read(name), validate=True)
    return wheel


def copy_of_repository(target: Path) -> set[str]:
    """Copy what Git has or would take, and return the names. Building leaves other files beside them."""
    listed = subprocess.check_output(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT)
    names = {name for name in os.fsdecode(listed).split("\0") if (ROOT / name).is_file()} - {""}
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes((ROOT / name).read_bytes())
    return names


def names_in(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as opened:
        return opened.namelist()


def use(wheel: Path, folder: Path) -> None:
    """Install a wheel and run :data:`COMMANDS` with it.

    Raises:
        PackageError: a command fails, or has not made its file.
    """
    place, environment = folder / "place", folder / "environment"
    place.mkdir()
    call([sys.executable, "-m", "venv", str(environment)], place)
    python = environment / "bin" / "python"
    call([str(python), "-m", "pip", "install", "-q", str(wheel), "-c", str(ROOT / "constraints.txt")], place)
    where = "import vidfer; print(vidfer.__path__[0])"
    package = Path(subprocess.check_output([python, "-c", where], cwd=place, env=CLEAN, text=True).strip())
    if environment not in package.parents:
        raise PackageError(f"{python} imports vidfer from {package}")
    variables = CLEAN | {"PATH": f"{python.parent}{os.pathsep}{CLEAN['PATH']}"}
    for command in COMMANDS:
        films = sorted((place / "actors").rglob("*.avi"))
        words = command.format(film=films[0] if films else "", recipes=package / "recipes")
        call(shlex.split(words), place, variables)
    if missing := [name for name in MADE if not (place / name).exists()]:
        raise PackageError(f"the installed commands have not made {', '.join(missing)}")


CLEAN = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
"""The variables of the environment without what leads to a checkout."""


def call(command: Sequence[str], place: Path, variables: Mapping[str, str] = CLEAN) -> None:
    """Run a program, and print its seconds; raises a PackageError with what it wrote if it fails."""
    begin = time.perf_counter()
    program = subprocess.run(
        command, cwd=place, env=variables, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    shown = " ".join(Path(word).name if Path(word).is_absolute() else word for word in command)
    print(f"{time.perf_counter() - begin:6.1f} s  {shown[:120]}", flush=True)
    if program.returncode:
        raise PackageError(
            f"`{shlex.join(command)}` ended with status {program.returncode}:\n{program.stdout}"
        )


if __name__ == "__main__":
    run(main, Settings, __doc__)
