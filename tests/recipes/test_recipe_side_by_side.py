"""Encoders side by side in every recipe, and in `vidfer eval`."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from landmarker_files import random_weights, write_task
from networks import network, of_recipe
from recipe_runs import FAST, SHORT, TINY, here, load_recipe, metrics, parse, torchrun, weights
from refused import refused
from striped_cache import write_striped_cache

from vidfer.data.dataset import ClipDataset
from vidfer.data.settings import EpisodeSettings, NoiseSettings
from vidfer.errors import DataError, SettingError
from vidfer.evaluate.eval_protocol import EvalProtocol
from vidfer.evaluate.evaluate_checkpoint import evaluate_checkpoint
from vidfer.infer import features
from vidfer.learn.accelerator import build_accelerator
from vidfer.learn.side_by_side import fit_side_by_side
from vidfer.learn.start import build_model, start_from
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import load_checkpoint, save_checkpoint
from vidfer.models.encoders.side_by_side_settings import EncoderOfInit, side_by_side
from vidfer.models.seen_labels import SeenLabels
from vidfer.models.settings import ModelSettings

STILL = FAST | {"noise": NoiseSettings(flip=0.0, magnitude=0.0)}
EPISODES = EpisodeSettings(ways=3, shots=1, queries=1, per_epoch=4, val_episodes=10, epochs=2)
RESNET = network("resnet18", width=4).encoder
CONV4 = network("conv4").encoder
BESIDE_INIT = side_by_side({"conv4": CONV4, "init": EncoderOfInit()}, ["init"])
PROTOTYPE = network(head="prototype", of_head={"distance": "cosine"}).head


@pytest.fixture
def start(tmp_path):
    """An untrained encoder: its random features tell stripes apart, too."""
    torch.manual_seed(0)
    save_checkpoint(tmp_path / "start", build_recogniser(TINY), {"base_classes": ["happy"]})
    return tmp_path / "start"


@pytest.fixture
def own_cache(striped_cache, tmp_path):
    return Path(shutil.copy(striped_cache, tmp_path / "striped.h5"))


def test_one_learns_beside_a_frozen_one_and_so_does_a_student(
    supervised, noisy_student, own_cache, start, tmp_path
):
    model = {"encoder": BESIDE_INIT, "head": PROTOTYPE, "dropout": 0.0, "init": start}
    slow = FAST | {"optim": replace(FAST["optim"], lr=1e-3)}
    settings = supervised.Settings(
        cache=(own_cache,), out=tmp_path / "run", **model, train=replace(SHORT, epochs=6), **slow
    )
    supervised.main(settings)
    losses = [line["loss"] for line in metrics(tmp_path / "run")]
    assert losses[-1] < 0.7 * losses[0] < 2  # vectors of another scale would give thousands
    assert max(line["val_uar"] for line in metrics(tmp_path / "run")) > 0.5  # chance is 0.33
    trained, info = load_checkpoint(tmp_path / "run" / "checkpoints" / "last")
    before, _ = load_checkpoint(start)
    frozen = trained.encoder.encoders["init"]
    assert all(torch.equal(t, frozen.state_dict()[n]) for n, t in before.encoder.state_dict().items())
    fitted = {name: bool(one.fitted) for name, one in trained.encoder.standardising.items()}
    assert fitted == {"conv4": False, "init": True}
    assert trained.encoder.standardising["conv4"].following.running_mean.any()
    assert trained.settings.encoder.title == "conv4+init"
    assert info["base_classes"] == ["angry", "happy", "sad"] and trained.settings.head == PROTOTYPE

    out = tmp_path / "student"
    teacher = tmp_path / "run" / "checkpoints" / "last"
    noisy_student.main(
        noisy_student.Settings(
            cache=own_cache, out=out, teacher=teacher, train=replace(SHORT, epochs=1), **FAST
        )
    )
    student, _ = load_checkpoint(out / "checkpoints" / "last")
    state = student.encoder.encoders["init"].state_dict()
    assert all(torch.equal(t, state[n]) for n, t in frozen.state_dict().items())
    assert student.settings.encoder == trained.settings.encoder


def test_frozen_ones_are_seen_once_each_by_itself(
    supervised, fewshot, own_cache, start, tmp_path, monkeypatch
):
    looked_at, real = [], features.embedded

    def counted(encoder, loader, device):
        looked_at.append((type(encoder).__name__, len(loader.dataset)))
        return real(encoder, loader, device)

    monkeypatch.setattr(features, "embedded", counted)
    torch.manual_seed(1)
    save_checkpoint(tmp_path / "second", build_recogniser(ModelSettings(encoder=RESNET)), {})
    alone = {"init": tmp_path / "second", "freeze_encoder": True, "train": SHORT} | STILL
    supervised.main(
        supervised.Settings(cache=(own_cache,), out=tmp_path / "alone", **of_recipe(TINY), **alone)
    )
    assert {name for name, _ in looked_at} == {"ResNet18Encoder"} and len(looked_at) == 2
    looked_at.clear()

    torch.manual_seed(2)
    both = side_by_side({"grouped_resnet18": TINY.encoder, "init": EncoderOfInit()})
    model = build_recogniser(ModelSettings(encoder=side_by_side({**both.side_by_side, "init": RESNET})))
    model.encoder.encoders["init"].load_state_dict(
        load_checkpoint(tmp_path / "second")[0].encoder.state_dict()
    )
    save_checkpoint(tmp_path / "both", model, {})
    how = {"init": tmp_path / "both", "freeze_encoder": True, "episodes": EPISODES, **STILL}
    fewshot.main(
        fewshot.Settings(cache=own_cache, out=tmp_path / "run", encoder=CONV4, head=PROTOTYPE, **how)
    )
    # The vectors of the second one are there already.
    assert {name for name, _ in looked_at} == {"GroupedResNet18Encoder"} and len(looked_at) == 2
    trained, _ = load_checkpoint(tmp_path / "run" / "checkpoints" / "best")
    assert all(one.fitted for one in trained.encoder.standardising.values())
    looked_at.clear()
    other = write_striped_cache(tmp_path / "other.h5", {"test": 3}).path
    protocol = EvalProtocol(novel=("angry", "happy", "sad"), episodes=20, shots=1, allow_seen=True)
    kept = evaluate_checkpoint(tmp_path / "run", other, protocol)["fewshot"]
    assert looked_at == [("GroupedResNet18Encoder", 9), ("ResNet18Encoder", 9)]
    assert kept.measures == evaluate_checkpoint(tmp_path / "run", other, protocol)["fewshot"].measures
    assert len(looked_at) == 2 and kept.n_clips == 9


def test_egs(egs, own_cache, tmp_path):
    both = side_by_side({"conv4": CONV4, "resnet18": RESNET})
    settings = egs.Settings(
        cache=(own_cache,),
        out=tmp_path / "run",
        encoder=both,
        episodes=replace(EPISODES, epochs=3),
        egs=replace(egs.Settings.__dataclass_fields__["egs"].default_factory(), joint_epochs=1),
        **FAST,
    )
    egs.main(settings)
    trained, _ = load_checkpoint(tmp_path / "run" / "checkpoints" / "last")
    assert all(one.following.num_batches_tracked > 2 for one in trained.encoder.standardising.values())


def test_two_processes_fit_the_same(own_cache, start, tmp_path):
    options = "--encoder conv4+init --encoder.frozen init --data.frames 1 --noise.flip 0 --tracker none"
    options += " --train.epochs 1 --train.batch-size 6 --dropout 0"
    options = ["--cache", own_cache, "--init", start, *options.split()]
    torchrun("supervised", *options, "--out", tmp_path / "two")
    here(load_recipe("supervised"), *options, "--out", tmp_path / "one")
    one, two = weights(tmp_path / "one"), weights(tmp_path / "two")
    fitted = [name for name in one if "standardising.init" in name and "following" not in name]
    assert len(fitted) == 3 and all(one[name].equal(two[name]) for name in fitted)
    assert two["encoder.standardising.init.fitted"]
    assert two["encoder.standardising.conv4.following.running_mean"].any()


def test_a_run_can_be_resumed(supervised, own_cache, tmp_path):
    both = side_by_side({"conv4": CONV4, "resnet18": RESNET})
    how = {"cache": (own_cache,), "encoder": both, "dropout": 0.0, **FAST}
    whole = supervised.Settings(out=tmp_path / "whole", train=replace(SHORT, epochs=1), **how)
    supervised.main(whole)
    supervised.main(replace(whole, resume=True))  # nothing is left to do
    assert weights(tmp_path / "whole")


def test_options_of_each(supervised, tmp_path):
    options = ["--cache", "c.h5", "--out", tmp_path / "run", "--encoder", "face_landmarker+resnet18"]
    found = parse(supervised, *options, "--encoder.face-landmarker.features", "points").encoder
    assert found.title == "face_landmarker+resnet18"
    assert found.side_by_side["face_landmarker"].features == "points"
    assert found.side_by_side["face_landmarker"].pretrained == "face_landmarker"
    assert (
        parse(supervised, *options, "--encoder.resnet18.width=8").encoder.side_by_side["resnet18"].width == 8
    )
    with refused(SettingError, "--encoder.width", "--encoder.resnet18.width"):
        parse(supervised, *options, "--encoder.width", "8")
    with refused(SettingError, "--encoder.conv4.pools", "face_landmarker.features"):
        parse(supervised, *options, "--encoder.conv4.pools", "4")
    with refused(SettingError, "--encoder face_mesh is now", "face_landmarker --encoder.features points"):
        parse(supervised, *options[:-1], "conv4+face_mesh")
    with refused(SettingError, "--encoder resnet19", "choose"):
        parse(supervised, *options[:-1], "conv4+resnet19")
    with refused(SettingError, "--freeze-encoder", "resnet18"):
        parse(supervised, *options, "--freeze-encoder")
    with refused(SettingError, "--encoder.frozen resnet18", "random weights"):
        parse(supervised, *options, "--encoder.frozen", "resnet18")
    assert parse(supervised, *options, "--encoder.frozen", "face_landmarker").encoder.frozen == (
        "face_landmarker",
    )


def test_options_in_a_file(supervised, tmp_path):
    file = tmp_path / "settings.yaml"
    file.write_text(
        "encoder:\n  name: face_landmarker+resnet18\n  resnet18: {width: 8}\n  frozen: face_landmarker\n"
    )
    found = parse(supervised, "--cache", "c.h5", "--out", "run", "--protocol", file).encoder
    assert found.side_by_side["resnet18"].width == 8 and found.frozen == ("face_landmarker",)
    assert found.side_by_side["face_landmarker"].pretrained == "face_landmarker"


def test_the_encoder_of_init_beside_another_one(supervised):
    options = ["--cache", "c.h5", "--out", "run", "--encoder", "conv4+init"]
    with refused(SettingError, "conv4+init", "--init", "name it"):
        parse(supervised, *options)
    assert parse(supervised, *options, "--init", "start", "--encoder.conv4.pools", "4").init == Path("start")
    found = parse(supervised, *options, "--init", "start", "--encoder.init.input-px", "64").encoder
    resnet = found.side_by_side["init"].of(RESNET)
    assert resnet == replace(RESNET, input_px=64) and EncoderOfInit().of(resnet) == resnet
    with refused(SettingError, "--encoder.init.input-px 64", "conv4 has its own size"):
        found.side_by_side["init"].of(CONV4)
    with refused(SettingError, "--encoder has no effect", "face_landmarker+init"):
        parse(supervised, *options[:-1], "conv4+resnet18", "--init", "start")
    with refused(SettingError, "--freeze-encoder", "for conv4"):
        parse(supervised, *options, "--init", "start", "--freeze-encoder")
    with refused(SettingError, "--weights init="):
        parse(supervised, *options, "--init", "start", "--weights", "init=a.pth")


def test_weights_say_whose_they_are(supervised, tmp_path, monkeypatch):
    options = ["--cache", "c.h5", "--out", "run", "--encoder", "face_landmarker+resnet18", "--weights"]
    for wrong, why in (
        ("a.task", "say whose"),
        ("conv4=a.pth", "side by side are"),
        ("resnet18=", "say whose"),
    ):
        with refused(SettingError, f"--weights {wrong}", why):
            parse(supervised, *options, wrong)
    with refused(SettingError, "resnet18 has a.pth already"):
        parse(supervised, *options, "resnet18=a.pth", "resnet18=b.pth")
    with refused(SettingError, "takes one file"):
        parse(supervised, *options[:-2], "resnet18", "--weights", "a.pth", "b.pth")

    points = network("face_landmarker").encoder
    torch.manual_seed(0)
    alone = build_recogniser(ModelSettings(encoder=points)).encoder
    file = write_task(
        tmp_path / "mine.task", random_weights(alone.landmarks), random_weights(alone.blendshapes)
    )
    alone.load_published(file)
    both = ModelSettings(encoder=side_by_side({"face_landmarker": points, "conv4": CONV4}))
    model = build_model(both, ("happy",), weights=[Path(f"face_landmarker={file}")])
    state = model.encoder.encoders["face_landmarker"].state_dict()
    assert all(torch.equal(tensor, state[name]) for name, tensor in alone.state_dict().items())
    assert model.seen.unknown == ("mine.task",)


def test_seen_labels_are_those_of_all(own_cache, start, tmp_path):
    model, _ = load_checkpoint(start)
    model.seen = SeenLabels({"fear": "somebody"})
    save_checkpoint(start, model, {})
    found = build_model(ModelSettings(encoder=BESIDE_INIT), ("sad",), start=start_from(start))
    assert found.seen.labels == {"fear": "somebody"}
    # A checkpoint of several encoders stands for all of them.
    torch.manual_seed(0)
    save_checkpoint(tmp_path / "both", build_recogniser(ModelSettings(encoder=found.settings.encoder)), {})
    with refused(SettingError, "conv4+init", "single encoder"):
        build_model(ModelSettings(encoder=BESIDE_INIT), start=start_from(tmp_path / "both"))


def test_too_few_faces(supervised, tmp_path):
    cache = write_striped_cache(tmp_path / "none.h5", {"train": 1, "val": 1}, frames=1)
    model = build_recogniser(
        ModelSettings(encoder=side_by_side({"conv4": CONV4, "resnet18": RESNET}, ["conv4"]))
    )
    clips = ClipDataset(cache.path, [0], [0], n_frames=1)
    settings = supervised.Settings(cache=(cache.path,), out=tmp_path / "run", **FAST)
    accelerator = build_accelerator(settings, settings.optim, split_batches=True)
    with refused(DataError, "1 of 1 clips", "need two", cache.path):
        fit_side_by_side(model, clips, accelerator, 0)
