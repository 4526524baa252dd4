"""A run that goes on with another number of loader processes, as another machine may want."""

import signal
from dataclasses import replace

import pytest
from networks import of_recipe
from recipe_runs import FAST, SHORT, TINY, assert_same_run, start

from vidfer.data.settings import EpisodeSettings


@pytest.mark.slow
@pytest.mark.parametrize("name", ["supervised", "fewshot"])
def test_loader_processes_that_come_and_go_change_nothing(request, striped_cache, tmp_path, name):
    recipe = request.getfixturevalue(name)
    # Six batches (or episodes) in an epoch, and a state after every second one.
    loop = {"train": replace(SHORT, epochs=3, batch_size=3)}
    if name == "fewshot":
        loop = {"episodes": EpisodeSettings(ways=3, shots=2, epochs=3, per_epoch=6, val_episodes=2)}
    whole = recipe.Settings(
        cache=striped_cache,
        out=tmp_path / "whole",
        **of_recipe(replace(TINY, dropout=0.3)),
        save_every=2,
        **FAST,
        **loop,
    )
    recipe.main(whole)
    for workers, stop in ((0, 2), (1, 5), (0, None)):  # stopped in the middle of two epochs
        settings = replace(
            whole, out=tmp_path / "parts", resume=stop != 2, data=replace(whole.data, workers=workers)
        )
        process = start(recipe, settings, kill=stop and (stop, 0.0))
        process.join()
        assert process.exitcode == (-signal.SIGKILL if stop else 0)
    assert_same_run(whole.out, tmp_path / "parts")
