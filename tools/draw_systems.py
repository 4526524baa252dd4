"""Draw the figures of the five systems: docs/images/systems/.

    make demo
    python tools/draw_systems.py

It needs what `make demo` leaves, trains three small networks beside it in about two CPU minutes, and draws
what they do. Started again, it trains nothing. All people are drawn (vidfer.actors), not real.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Literal

from program import run
from studies.steps import ROOT, Step, run_steps

from vidfer.errors import DataError

SYSTEMS = ("fan", "crn", "egs_net", "csrn", "noisy_student")
COMMANDS = {
    "fan": "vidfer train supervised --cache demo/actors.h5 --out demo/fan "
    "--encoder resnet18 --encoder.width 16 --encoder.input-px 64 "
    "--encoder.frame-attention relation --encoder.attention-dropout 0.5 --dropout 0.6 "
    "--data.frames 3 --train.epochs 60 --train.batch-size 14 --train.validate-every 5",
    "crn": "vidfer train fewshot --cache demo/actors.h5 --out demo/crn "
    "--encoder conv4 --encoder.pools 4 --encoder.regions face --head crn --data.frames 1 "
    "--episodes.shots 2 --episodes.queries 4 --episodes.epochs 10 --episodes.per-epoch 30 "
    "--episodes.val-episodes 40",
    "egs": "vidfer train egs --cache demo/actors.h5 --out demo/egs "
    "--encoder.width 16 --encoder.input-px 64 --data.frames 2 --optim.lr 1e-3 "
    "--episodes.ways 4 --episodes.queries 3 --episodes.epochs 20 --egs.joint-epochs 10 "
    "--episodes.per-epoch 15 --episodes.val-episodes 40",
}
"""As the pages show them."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What to draw."""

    out: Path = ROOT / "docs" / "images" / "systems"
    """Folder for the figures."""
    only: tuple[Literal[SYSTEMS], ...] = SYSTEMS
    """Systems to draw."""


def main(settings: Settings) -> None:
    demo = ROOT / "demo"
    if not (demo / "csrn" / "checkpoints" / "last").is_dir():
        raise DataError(f"{demo} has no finished demo; run `make demo` first")
    run_steps([Step(name=name, command=line) for name, line in COMMANDS.items()], demo, jobs=2)

    from figures.canvas import save  # here, as matplotlib is slow and --help is not

    for name in settings.only:
        path = settings.out / f"{name}.png"
        print(f"{path}: {save(import_module(f'figures.{name}').draw(demo), path)} bytes")


if __name__ == "__main__":
    run(main, Settings, __doc__)
