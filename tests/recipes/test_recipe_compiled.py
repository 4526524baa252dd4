"""Recipes under `accelerate launch --dynamo_backend`: what they write fits networks that are not compiled."""

from dataclasses import replace

import pytest
from accelerate.state import AcceleratorState
from networks import network, of_recipe
from recipe_runs import FAST, SHORT, TINY, metrics, weights
from safetensors.torch import load_file

from vidfer.data.settings import EpisodeSettings
from vidfer.learn.egs_settings import EgsSettings
from vidfer.models.checkpoint import load_checkpoint

TRAIN = replace(SHORT, epochs=2, batch_size=9, ema_decay=0.0)
AVERAGED = {"train": replace(TRAIN, ema_decay=0.9)}
EPISODES = {"episodes": EpisodeSettings(ways=3, shots=1, queries=1, per_epoch=2, val_episodes=2, epochs=3)}
SIMILARITY = network(encoder="resnet18", width=4, head="similarity", dropout=0.0)
OF_RECIPE = {
    "supervised": of_recipe(TINY) | AVERAGED,
    "noisy_student": AVERAGED,
    "fewshot": of_recipe(TINY) | EPISODES,
    "egs": of_recipe(SIMILARITY) | EPISODES | {"egs": EgsSettings(joint_epochs=1)},
}


@pytest.fixture
def compiling(monkeypatch):
    """As under `accelerate launch --dynamo_backend eager`; Accelerate reads this once for a process."""
    AcceleratorState._reset_state()
    monkeypatch.setenv("ACCELERATE_DYNAMO_BACKEND", "EAGER")
    yield
    AcceleratorState._reset_state()


def losses(run) -> list[float]:
    return [line["loss"] for line in metrics(run) if "loss" in line]


@pytest.mark.parametrize("name", OF_RECIPE)
def test_a_compiled_network_is_saved_under_its_own_names(
    request, monkeypatch, striped_cache, teacher_run, tmp_path, name, compiling
):
    recipe = request.getfixturevalue(name)
    settings = {"cache": (striped_cache,) if name == "egs" else striped_cache, **FAST, **OF_RECIPE[name]}
    if name == "noisy_student":
        settings["teacher"] = teacher_run / "checkpoints" / "best"
    compiled = recipe.Settings(out=tmp_path / "compiled", **settings)
    recipe.main(compiled)
    assert AcceleratorState().dynamo_plugin.backend == "EAGER"
    for file in compiled.out.rglob("*.safetensors"):
        assert not any("_orig_mod" in key for key in load_file(file)), file
    for checkpoint in ("best", "last"):
        load_checkpoint(compiled.out / "checkpoints" / checkpoint)

    # Without the compiler the same network learns the same.
    AcceleratorState._reset_state()
    monkeypatch.setenv("ACCELERATE_DYNAMO_BACKEND", "NO")
    plain = replace(compiled, out=tmp_path / "plain")
    recipe.main(plain)
    assert losses(plain.out) == pytest.approx(losses(compiled.out), rel=1e-3)
    one, other = weights(plain.out), weights(compiled.out)
    assert one.keys() == other.keys()
    recipe.main(replace(compiled, resume=True))  # the state of one is that of the other


def test_the_moving_average_follows_a_compiled_network(supervised, striped_cache, tmp_path, compiling):
    settings = {"cache": striped_cache, **of_recipe(TINY), **FAST}
    last, averaged = tmp_path / "last", tmp_path / "averaged"
    supervised.main(supervised.Settings(out=last, **settings, train=TRAIN))
    supervised.main(supervised.Settings(out=averaged, **settings, **AVERAGED))
    one, other = weights(last), weights(averaged)
    assert one.keys() == other.keys() and any(not one[key].equal(other[key]) for key in one)
