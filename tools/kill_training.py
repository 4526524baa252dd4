"""Kill the recipes at random moments, resume them, and count the runs that end as if undisturbed.

Such a run ends with the same weights, bit by bit, and the same metrics.

python tools/kill_training.py --kills 10
python tools/kill_training.py --kills 10 --recipes noisy_student --processes 2
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import psutil
from counts import check_counts
from profile_training import write_noise_cache
from program import run

from vidfer.errors import SettingError

RECIPES = Path(__file__).resolve().parents[1] / "recipes"
COMMON = "--data.frames 2 --tracker none --optim.lr 0.01 --optim.warmup 0 --save-every 3"
NETWORK = "--encoder.width 4 --encoder.input-px 32"
DROPOUT = "--dropout 0.3"
LOOP = "--train.epochs 3 --train.batch-size 4 --train.ema-decay 0.9"
EPISODES = (
    "--episodes.ways 3 --episodes.shots 1 --episodes.queries 1 --episodes.per-epoch 8 --episodes.epochs 3"
)
OPTIONS = {
    "supervised": f"{NETWORK} {DROPOUT} {LOOP} --train.balanced",
    "egs": f"{NETWORK} {DROPOUT} {EPISODES} --egs.joint-epochs 1",
    "fewshot": f"{NETWORK} {EPISODES} --encoder grouped_resnet18",
    "noisy_student": f"{LOOP} --rounds 2 --pseudo.threshold 0 --pseudo.calibrate",
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What to train and how often to kill it."""

    kills: int = 10
    """Kills of each recipe. A run is killed and resumed until it has finished. Then the next run
    starts, until there were enough kills."""
    recipes: tuple[str, ...] = tuple(OPTIONS)
    """Recipes to kill."""
    processes: int = 1
    """Processes that train together; torchrun starts them, and they are killed together."""
    seed: int = 0
    """Seed of the random moments."""

    def __post_init__(self) -> None:
        check_counts(self, "kills", "processes")
        if not self.recipes or {*self.recipes} - {*OPTIONS}:
            raise SettingError(f"--recipes {' '.join(self.recipes)}: choose from {' '.join(OPTIONS)}")


def main(settings: Settings) -> None:
    """Run all trials and print how each recipe ended."""
    rng, failed = random.Random(settings.seed), 0
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "noise.h5"
        write_noise_cache(cache, 84, 32, splits=("train", "val", "unlabelled"))
        teacher = Path(folder) / "teacher"
        start("supervised", cache, teacher, f"--train.epochs 1 {NETWORK}").wait()
        for name in settings.recipes:
            options = OPTIONS[name]
            if name == "noisy_student":
                options += f" --teacher {teacher / 'checkpoints' / 'best'}"
            begin, whole = time.perf_counter(), Path(folder) / name
            start(name, cache, whole, options, settings.processes).wait()
            whole_s, wanted = time.perf_counter() - begin, outcome(whole)
            print(f"{name}: undisturbed in {whole_s:.0f} s", flush=True)
            seen, runs, same = Counter(), 0, 0
            while seen.total() < settings.kills:
                runs += 1
                out = Path(folder) / f"{name}{runs}"
                while True:
                    run = start(name, cache, out, options, settings.processes)
                    place = kill(run, out, whole_s, rng) if seen.total() < settings.kills else None
                    if place is None:
                        break
                    seen[place] += 1
                if run.wait():
                    raise SystemExit(f"{name} ended by itself with status {run.returncode}")
                same += outcome(out) == wanted
            places = ", ".join(f"{place} {n} times" for place, n in sorted(seen.items()))
            print(f"  killed {places}; {same} of {runs} runs are the same, bit by bit", flush=True)
            failed += runs - same
    raise SystemExit(failed > 0)


def start(name: str, cache: Path, out: Path, options: str, processes: int = 1) -> subprocess.Popen[bytes]:
    """Start a recipe; a run that was started before is resumed."""
    program = [sys.executable]
    if processes > 1:
        program += ["-m", "torch.distributed.run", f"--nproc_per_node={processes}", "--standalone"]
    resume = ["--resume"] if (out / "settings.json").exists() else []
    options = f"--cache {cache} --out {out} {COMMON} {options}"
    return subprocess.Popen(
        [*program, RECIPES / f"{name}.py", *options.split(), *resume],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"},
    )


def kill(run: subprocess.Popen[bytes], out: Path, whole_s: float, rng: random.Random) -> str | None:
    """Kill a run at a random moment and name the moment; None if the run had ended before."""
    before, patience_s = newest_state(out), rng.uniform(0, whole_s)
    if rng.random() < 0.8:  # most of the time goes into loading libraries at the start
        while newest_state(out) == before and run.poll() is None:
            time.sleep(0.002)
        patience_s = rng.uniform(0, whole_s / 8)
    try:
        run.wait(patience_s)
    except subprocess.TimeoutExpired:
        # torchrun puts its processes into own groups, so they are killed one by one.
        family = [psutil.Process(run.pid), *psutil.Process(run.pid).children(recursive=True)]
        for member in family:
            member.kill()
        psutil.wait_procs(family[1:])
        run.wait()
        if (out / "state" / "new.tmp").exists():
            return "while saving"
        return "between saves" if newest_state(out) > before else "before the first save of its start"
    return None


def newest_state(out: Path) -> str:
    """Name of the newest saved state, from which a run is resumed."""
    return max((state.name for state in (out / "state").glob("state????????")), default="")


def outcome(out: Path) -> dict[str, object]:
    """All that must be equal: weights, pseudo-labels, and metrics without the time spent waiting."""
    files = [*out.glob("checkpoints/*/model.safetensors"), *out.glob("pseudo_labels/*.csv")]
    found: dict[str, object] = {str(file.relative_to(out)): file.read_bytes() for file in files}
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    return found | {"metrics": [{k: v for k, v in line.items() if k != "waiting"} for line in lines]}


if __name__ == "__main__":
    run(main, Settings, __doc__)
