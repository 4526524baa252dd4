"""Settings that are fast, and what to look at in a run folder."""

import json
from pathlib import Path

from safetensors.torch import load_file

from vidfer.data.settings import NoiseSettings
from vidfer.learn.settings import DataSettings, OptimiserSettings, TrainSettings
from vidfer.models.settings import ModelSettings

RECIPES = Path(__file__).resolve().parents[2] / "recipes"

FAST = {
    "tracker": "none",
    "data": DataSettings(frames=2),
    "noise": NoiseSettings(flip=0.0),  # mirrored, one class of stripes would be another
    "optimiser": OptimiserSettings(lr=1e-2, weight_decay=0.0),
}
TINY = ModelSettings(width=4, dropout=0.0, head="prototype")
SHORT = TrainSettings(epochs=3, batch_size=6)


def weights(run: Path, name: str = "last") -> dict:
    return load_file(run / "checkpoints" / name / "model.safetensors")


def assert_same_run(one: Path, other: Path) -> None:
    for name in ("last", "best"):
        first, second = weights(one, name), weights(other, name)
        assert first.keys() == second.keys()
        assert all(first[key].equal(second[key]) for key in first), name
    assert metrics(one) == metrics(other)


def metrics(run: Path) -> list[dict]:
    """Without ``waiting``, which depends on the machine."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    for line in lines:
        assert "epoch" not in line or 0 <= line.pop("waiting") <= 1
    return lines
