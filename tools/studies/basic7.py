"""Train the network of seven expressions that comes with vidfer. (docs/results/basic7.md)

    nohup python tools/study.py basic7 > basic7.txt 2>&1 &

About 80 minutes of CPU time. Started again, the study goes on where it stopped. It replaces the network in
`vidfer/zoo/basic7`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vidfer.included import ZOO

from .steps import ROOT, Step, in_repository, run_steps

NAME = "basic7"
ABOUT = Path(__file__).with_name("basic7_about.md")

TRAINING = (
    "--encoder resnet18 --encoder.width 44 --encoder.input-px 80 --encoder.frame-attention mean "
    "--data.frames 1 --dropout 0.2 --train.batch-size 128 --train.epochs 22 --train.label-smoothing 0.1 "
    "--train.mixup 0.2 --train.ema-decay 0.9995 --noise.rotation 12 --noise.scale 0.2 "
    "--noise.translation 0.08 --noise.erase 0.25 --optim.lr 2e-3 --optim.warmup 0.05 "
    "--optim.weight-decay 0.05 --mixed-precision bf16 --tracker none"
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The network of seven expressions that comes with vidfer."""

    fer2013: Path = Path("data/fer2013")
    """Folder of FER2013; its training images are enough."""
    clips: Path = Path("data/labelled")
    """Folder of labelled clips that the network is measured on, with their table `manifest.csv`."""
    images: Path = Path("data/muxspace")
    """Folder of images of other people in label folders, cut to the face; it is measured on these, too."""
    out: Path = Path("basic7")
    """Folder for everything that is made."""
    zoo: Path = ZOO
    """The folder of the included networks."""
    training: str = TRAINING
    """Options of the training."""


def steps(settings: Settings) -> list[Step]:
    """The steps: two caches of the same images, one network of both, its figures and its card.

    A tenth of the images is held out by the hash of the file. It chooses the checkpoint.
    """
    out, faces = in_repository(settings.out), in_repository(settings.fer2013)
    clips, images = in_repository(settings.clips), in_repository(settings.images)
    zoo = in_repository(settings.zoo)
    include = (
        f"python tools/include_network.py --run {out}/network --name {NAME} --about {in_repository(ABOUT)}"
    )
    include += f" --zoo {zoo}"
    made = [
        Step(
            name="split",
            command=f"python tools/hash_split.py --src fer2013 --root {faces} --out {out}/split.csv",
        )
    ]

    def add(name: str, command: str, *after: str) -> None:
        made.append(Step(name=name, command=command, after=after))

    # Aligned crops are what the network sees of a video; whole pictures show more of small faces.
    for cache, option in (("aligned", "--face main"), ("whole", "--face picture")):
        file = f"{out}/{cache}.h5"
        add(cache, f"vidfer cache --src fer2013 --root {faces} --out {file} --size-px 64 {option}")
        add(f"{cache}_split", f"vidfer relabel {file} --table {out}/split.csv", cache, "split")
    train = f"python recipes/supervised.py --cache {out}/whole.h5 {out}/aligned.h5 --resume"
    add("network", f"{train} --out {out}/network {settings.training}", "aligned_split", "whole_split")
    add("clips", f"vidfer cache --src table --root {clips}/manifest.csv --out {out}/clips.h5 --size-px 112")
    add("images", f"vidfer cache --src folder:faces --root {images} --out {out}/images.h5 --size-px 112")
    add("include", include, "network")
    for cache, split in (("whole", "val"), ("aligned", "val"), ("clips", "all"), ("images", "all")):
        command = f"vidfer eval --checkpoint {zoo}/{NAME} --cache {out}/{cache}.h5 --split {split}"
        add(
            f"eval_{cache}",
            f"{command} --out {out}/results/{cache}",
            "include",
            *([] if split == "val" else [cache]),
        )
    results = " ".join(f"{out}/results/{cache}" for cache in ("clips", "images", "aligned", "whole"))
    add("card", f"{include} --results {results}", "eval_whole", "eval_aligned", "eval_clips", "eval_images")
    return made


def main(settings: Settings) -> None:
    """Run the study; print the card."""
    run_steps(steps(settings), settings.out, jobs=1)
    print((settings.zoo / NAME / "README.md").read_text(encoding="utf-8"))
    print(f"network: {(ROOT / in_repository(settings.zoo) / NAME).resolve()}")
