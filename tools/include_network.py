"""Put a trained network into vidfer itself, with half-precision weights and its model card.

    python tools/include_network.py --run faces/network --name basic7 --about about.md --results faces/results

From then on `basic7` stands for its folder wherever a checkpoint is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from program import run

from vidfer.errors import DataError, SettingError
from vidfer.evaluate.find_results import result_files
from vidfer.evaluate.result import load_result
from vidfer.files import write_text
from vidfer.included import ZOO, checkpoint_folder
from vidfer.models.checkpoint import load_checkpoint, save_checkpoint
from vidfer.report.card_figures import figures
from vidfer.report.card_metadata import front, measured_fields
from vidfer.runs.learned_from import front_matter

MAX_BYTES = 12 * 2**20
"""All included networks together: they are part of every installation."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Which network, under which name, and what its card says."""

    run: Path
    """The run folder, or a checkpoint in it."""
    name: str
    """Its name in vidfer, one word."""
    about: Path
    """The first part of the model card: use, data, licences, limits; Markdown."""
    results: tuple[Path, ...] = ()
    """Folders of `vidfer eval --out`, whose figures the card shows."""
    zoo: Path = field(default=ZOO)
    """The folder of the included networks."""


def include(run: Path, zoo: Path, name: str) -> Path:
    """Write the network's checkpoint in half precision; returns its folder.

    Raises:
        SettingError: the name is no single word.
        DataError: the included networks are larger than ``MAX_BYTES`` with it.
    """
    if not name.isidentifier():
        raise SettingError(f"--name {name}: give one word of letters, digits and _")
    recogniser, info = load_checkpoint(checkpoint_folder(run))
    folder = zoo / name
    save_checkpoint(folder, recogniser.half(), info)
    size = sum(file.stat().st_size for file in zoo.rglob("*") if file.is_file())
    if size > MAX_BYTES:
        raise DataError(
            f"{zoo} has {size / 2**20:.1f} MB with {name}, and {MAX_BYTES / 2**20:.0f} MB is the limit; "
            "include a narrower network"
        )
    return folder


def card(about: str, results: Sequence[Path], name: str) -> str:
    """The model card: ``about``, then the figures of the results, which its metadata have, too."""
    measured = [load_result(file) for folder in results for file in result_files(folder)]
    fields, text = front_matter(about), about.rstrip()
    if fields:
        text = text.partition("\n---\n")[2]
        text = front(fields | measured_fields(name, measured)) + text
    return text + "\n\n## Figures\n\n" + figures(measured) + "\n"


def main(settings: Settings) -> None:
    """Include the network, and write its card beside it."""
    folder = include(settings.run, settings.zoo, settings.name)
    about = settings.about.read_text(encoding="utf-8")
    write_text(folder / "README.md", card(about, settings.results, settings.name))
    print(f"{folder}: {sum(file.stat().st_size for file in folder.iterdir()) / 2**20:.1f} MB")


if __name__ == "__main__":
    run(main, Settings, __doc__)
