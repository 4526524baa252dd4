"""The run folder: who may write into it, and what a resumed run finds."""

import copy
import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator
from networks import network
from refused import refused
from safetensors.torch import load_file, save_file
from torch import nn

from vidfer.data.settings import DataSettings, EpisodeSettings
from vidfer.data.splits import split_clips
from vidfer.errors import RunError
from vidfer.learn.settings import OptimSettings
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import load_checkpoint
from vidfer.models.ema import Ema
from vidfer.runs.resume_checks import to_json
from vidfer.runs.run_folder import RunFolder
from vidfer.runs.settings import RunSettings
from vidfer.store.reader import CropCache


@dataclass(frozen=True, kw_only=True)
class Settings(RunSettings):
    optim: OptimSettings = OptimSettings()


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(cache=Path("a.h5"), out=tmp_path / "run", tracker="none")


@pytest.fixture
def accelerator() -> Accelerator:
    return Accelerator(cpu=True)


def test_settings_and_environment_are_written(settings, accelerator):
    RunFolder(settings, accelerator)
    assert json.loads((settings.out / "settings.json").read_text())["optim"]["name"] == "adamw"
    environment = json.loads((settings.out / "environment.json").read_text())
    assert environment["processes"] == 1 and torch.__version__.startswith(environment["packages"]["torch"])


def test_a_run_is_never_overwritten_by_accident(settings, accelerator):
    RunFolder(settings, accelerator)
    with refused(RunError, settings.out, "--resume", "--out"):
        RunFolder(settings, accelerator)
    RunFolder(replace(settings, resume=True), accelerator)


def test_a_folder_of_something_else_is_left_alone(settings, accelerator):
    settings.out.mkdir()
    (settings.out / "thesis.txt").write_text("years")
    for resume in (False, True):
        with refused(RunError, settings.out, "--out"):
            RunFolder(replace(settings, resume=resume), accelerator)
    assert [file.name for file in settings.out.iterdir()] == ["thesis.txt"]


def test_a_run_that_was_killed_before_its_settings_were_written_starts_anew(settings, accelerator):
    settings.out.mkdir()
    (settings.out / "settings.json.tmp").write_text('{"ca')
    RunFolder(replace(settings, resume=True), accelerator)
    assert json.loads((settings.out / "settings.json").read_text())["cache"] == "a.h5"


def test_a_run_goes_on_in_the_number_format_it_was_started_with(settings, accelerator):
    RunFolder(settings, accelerator).save_state({"epoch": 1})
    file = settings.out / "environment.json"
    file.write_text(file.read_text().replace('"mixed_precision": "no"', '"mixed_precision": "bf16"'))
    with refused(RunError, file, "mixed_precision bf16", "--mixed_precision bf16"):
        RunFolder(replace(settings, resume=True), accelerator)
    assert json.loads(file.read_text())["mixed_precision"] == "bf16"


@pytest.mark.parametrize("name", ["settings.json", "environment.json"])
def test_a_damaged_file_is_named_at_the_resume(settings, accelerator, name):
    RunFolder(settings, accelerator).save_state({"step": 1})
    file = settings.out / name
    file.write_text(file.read_text()[:-20])
    with refused(RunError, file, "damaged"):
        RunFolder(replace(settings, resume=True), accelerator)


def test_resume_wants_the_same_settings_but_for_those_that_change_nothing(settings, accelerator):
    RunFolder(settings, accelerator).save_state({"epoch": 1})
    again = replace(settings, resume=True)
    RunFolder(replace(again, tracker="tensorboard"), Accelerator(cpu=True, log_with=None))
    with refused(RunError, "settings.json", "optim lr 0.002", "0.1"):
        RunFolder(replace(again, optim=OptimSettings(lr=0.1)), accelerator)


def test_a_run_that_has_learned_nothing_may_begin_again_with_other_settings(settings, accelerator):
    RunFolder(settings, accelerator)
    (settings.out / "data.json").write_text('{"val": []}')
    RunFolder(replace(settings, resume=True, optim=OptimSettings(lr=0.125)), accelerator)
    assert json.loads((settings.out / "settings.json").read_text())["optim"]["lr"] == 0.125
    assert not (settings.out / "data.json").exists()


def test_weights_that_are_not_finite_are_never_saved(settings, accelerator):
    good = build_recogniser(network(width=4))
    bad = copy.deepcopy(good)
    bad.classifier = nn.Linear(2, 2)
    bad.classifier.bias.data[1] = torch.nan
    run = RunFolder(settings, accelerator)
    with refused(RunError, "classifier.bias", settings.out, "--resume", "--optim.lr"):
        run.save_checkpoint("last", bad, {})
    assert not (settings.out / "checkpoints").exists()

    run.save_checkpoint("last", good, {})
    with refused(RunError, "classifier.bias", settings.out / "checkpoints", "--out"):
        run.save_checkpoint("last", bad, {})
    load_checkpoint(settings.out / "checkpoints" / "last")


def test_a_state_with_weights_that_are_not_finite_is_not_saved(settings, accelerator):
    model = accelerator.prepare(nn.Linear(3, 2))
    run = RunFolder(settings, accelerator)
    run.save_state({"epoch": 0}, partial={"done": 1})
    model.weight.data[0, 0] = torch.inf
    with refused(RunError, "weight", settings.out, "--resume"):
        run.save_state({"epoch": 0}, partial={"done": 2})
    assert not (settings.out / "state").exists()  # it would lead to the same end


def test_a_run_that_began_before_there_was_an_option_goes_on_with_its_default(settings, accelerator):
    run = RunFolder(settings, accelerator)
    run.save_state({"epoch": 1})
    file = run.path / "settings.json"
    written = json.loads(file.read_text())
    del written["optim"]["clip_norm"], written["seed"]
    file.write_text(json.dumps(written))
    again = replace(settings, resume=True)
    RunFolder(again, accelerator)
    clipped = OptimSettings(clip_norm=0.25)
    with refused(RunError, file, f"optim clip_norm {OptimSettings.clip_norm}", "0.25"):
        RunFolder(replace(again, optim=clipped), accelerator)


def test_former_names_of_settings_and_of_progress_are_read(tmp_path, accelerator):
    @dataclass(frozen=True, kw_only=True)
    class WithEpisodes(RunSettings):
        episodes: EpisodeSettings = EpisodeSettings(person_disjoint=True)

    settings = WithEpisodes(cache=Path("a.h5"), out=tmp_path / "run", tracker="none")
    run = RunFolder(settings, accelerator)
    run.save_state({"round": 2, "begun": 1})
    file = run.path / "settings.json"
    file.write_text(file.read_text().replace("person_disjoint", "other_people"))
    again = replace(settings, resume=True)
    assert RunFolder(again, accelerator).progress() == {"round": 2, "training_started": 1}
    with refused(RunError, file, "episodes person_disjoint True", "False"):
        RunFolder(replace(again, episodes=EpisodeSettings()), accelerator)


def test_a_resumed_run_may_read_its_clips_in_another_way(tmp_path, accelerator):
    @dataclass(frozen=True, kw_only=True)
    class WithData(RunSettings):
        data: DataSettings = DataSettings()

    settings = WithData(cache=Path("a.h5"), out=tmp_path / "run", tracker="none")
    RunFolder(settings, accelerator).save_state({"epoch": 1})
    RunFolder(replace(settings, resume=True, data=DataSettings(workers=3, decode="device")), accelerator)
    with refused(RunError, "data frames 8", "4"):
        RunFolder(replace(settings, resume=True, data=DataSettings(workers=3, frames=4)), accelerator)


def test_metrics_after_the_last_state_are_forgotten(settings, accelerator):
    run = RunFolder(settings, accelerator)
    assert run.progress() is None
    run.log(1, epoch=1, loss=0.5)
    run.save_state({"step": 1, "epoch": 1, "best": 0.25})
    run.log(2, epoch=2, loss=0.4)
    with (settings.out / "metrics.jsonl").open("a") as file:
        file.write('{"epoch": 3, "lo')  # killed in the middle of a line
    again = RunFolder(replace(settings, resume=True), accelerator)
    progress = again.progress()
    assert (progress["epoch"], progress["best"]) == (1, 0.25)
    assert (settings.out / "metrics.jsonl").read_text() == '{"epoch": 1, "loss": 0.5}\n'


def test_a_half_written_state_does_not_count(settings, accelerator):
    model, optimiser = accelerator.prepare(*_model_and_optimiser())
    ema = Ema(model, 0.5)
    run = RunFolder(settings, accelerator)
    _step(model, optimiser)
    ema.update(model)
    run.save_state({"step": 1}, ema)
    wanted = [value.clone() for value in (*model.parameters(), *ema.module.parameters())]
    half = settings.out / "state" / "new.tmp"
    half.mkdir()
    (half / "model.safetensors").write_bytes(b"half")
    _step(model, optimiser)
    ema.update(model)

    again = RunFolder(replace(settings, resume=True), accelerator)
    assert again.progress()["step"] == 1
    again.load_state(ema)
    assert all(a.equal(b) for a, b in zip(wanted, (*model.parameters(), *ema.module.parameters())))
    assert ema.steps == 1 and optimiser.state[next(iter(model.parameters()))]["step"] == 1
    run.save_state({"step": 2}, ema)
    assert [folder.name for folder in (settings.out / "state").iterdir()] == ["state00000002"]


def test_a_state_fits_a_network_in_other_wrappers(settings, accelerator):
    """As when a run goes on with another --dynamo_backend, or with another number of processes."""
    model, optimiser = accelerator.prepare(*_model_and_optimiser())
    run = RunFolder(settings, accelerator)
    _step(model, optimiser)
    run.save_state({"epoch": 1})
    file = next((settings.out / "state").glob("*/model.safetensors"))
    wanted = load_file(file)
    assert wanted.keys() == {"weight", "bias"}
    for prefix in ("_orig_mod.", "module.", "_orig_mod.module."):  # as an earlier vidfer saved it
        save_file({prefix + name: tensor for name, tensor in wanted.items()}, file)
        model.weight.data.zero_()
        again = RunFolder(replace(settings, resume=True), accelerator)
        again.progress()
        again.load_state()
        assert model.weight.equal(wanted["weight"])


def test_a_state_is_loaded_once_and_what_is_prepared_later_starts_anew(settings, accelerator):
    model, _ = accelerator.prepare(*_model_and_optimiser())
    run = RunFolder(settings, accelerator)
    run.load_state()  # there is none
    run.save_state({"epoch": 1})
    again = RunFolder(replace(settings, resume=True), accelerator)
    assert again.progress() == {"epoch": 1}
    wanted = model.weight.clone()
    for loaded in (True, False):
        model.weight.data.zero_()
        again.load_state()
        assert model.weight.equal(wanted) is loaded


def test_the_middle_of_an_epoch_belongs_to_its_processes(settings, accelerator):
    run = RunFolder(settings, accelerator)
    run.save_state({"epoch": 1}, partial={"done": 2, "sums": [[1.0], [2.0]]})
    again = RunFolder(replace(settings, resume=True), accelerator)
    with refused(RunError, settings.out, "2 processes", "are 1", "--out"):
        again.progress()
    run.save_state({"epoch": 1}, partial={"done": 2, "sums": [[1.0]]})
    assert again.progress() == {"epoch": 1}
    assert again.take_partial() == {"done": 2, "sums": [[1.0]]} and again.take_partial() == {}


def test_the_clips_of_each_part_are_listed_and_must_stay_the_same(settings, accelerator, striped_cache):
    cache = CropCache(striped_cache)
    split = split_clips(cache, ("angry", "happy"))
    run = RunFolder(settings, accelerator)
    run.save_data(split, cache)
    data = json.loads((settings.out / "data.json").read_text())
    assert data["cache_hash"] == cache.content_hash and data["classes"] == ["angry", "happy"]
    assert data["val"] == [f"val/{name}{i:03d}" for name in ("angry", "happy") for i in range(4)]
    run.save_data(split, cache)
    run.save_data(replace(split, note="the same split in other words"), cache)
    with refused(RunError, "val of", striped_cache, "data.json", "--out"):
        run.save_data(replace(split, val=split.val[1:]), cache)


def test_settings_become_plain_json():
    assert to_json({"a": Path("b/c"), "d": (1, None), "e": {"f": True}}) == {
        "a": "b/c",
        "d": [1, None],
        "e": {"f": True},
    }


def _model_and_optimiser() -> tuple[nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    return model, torch.optim.AdamW(model.parameters(), lr=0.1)


def _step(model: nn.Module, optimiser: torch.optim.Optimizer) -> None:
    model(torch.ones(1, 3)).sum().backward()
    optimiser.step()
    optimiser.zero_grad()
