"""Draw the figures of the five systems: docs/images/systems/.

    make demo
    python tools/draw_systems.py

It needs what `make demo` leaves, trains three small networks beside it in about two CPU minutes, and draws
what they do. Started again, it trains nothing. All people are drawn (vidfer.actors), not real.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

from studies.steps import ROOT, Step, run_steps

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "systems")
    parser.add_argument("--only", nargs="+", choices=SYSTEMS, default=SYSTEMS, help="systems to draw")
    args = parser.parse_args()
    demo = ROOT / "demo"
    if not (demo / "csrn" / "checkpoints" / "last").is_dir():
        raise SystemExit(f"{demo} has no finished demo; run make demo first")
    run_steps([Step(name=name, command=line) for name, line in COMMANDS.items()], demo, jobs=2)

    from figures.canvas import save  # here, as matplotlib is slow and --help is not

    for name in args.only:
        path = args.out / f"{name}.png"
        print(f"{path}: {save(import_module(f'figures.{name}').draw(demo), path)} bytes")


if __name__ == "__main__":
    main()
