"""A checkpoint remembers which expression labels its weights have seen."""

import json
from dataclasses import replace

import pytest
import torch
from networks import network
from refused import refused
from safetensors.torch import save_file

from vidfer.errors import CheckpointError
from vidfer.files import sha256_of
from vidfer.learn.start import build_model, start_from
from vidfer.learn.student import build_student
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import load_checkpoint, read_seen, save_checkpoint
from vidfer.models.encoders.torchvision import torchvision_model
from vidfer.models.pretrained import table
from vidfer.models.pretrained.keep import place_of
from vidfer.models.seen_labels import SeenLabels, seen_labels

SMALL = "mobilenet_v3_small"
FER = SeenLabels({"angry": "net", "fear": "net"}, ("farl",), ("some.pth",))


def small(pretrained=None):
    settings = network(f"torchvision {SMALL}", "prototype", input_px=64)
    return replace(settings, encoder=replace(settings.encoder, pretrained=pretrained))


@pytest.fixture
def net(tmp_path, monkeypatch):
    """A pretrained encoder that is here and has seen two labels and captions."""
    monkeypatch.setenv("VIDFER_ENCODERS", str(tmp_path / "kept"))
    row = replace(
        table.PRETRAINED[f"imagenet_{SMALL}"], name="net", seen=("angry", "fear"), captions=True, sha256=""
    )
    monkeypatch.setitem(table.PRETRAINED, "net", row)
    place_of(row).parent.mkdir(parents=True)
    torch.manual_seed(7)
    torch.save(torchvision_model(SMALL).state_dict(), place_of(row))
    return row


def test_what_a_pretrained_encoder_has_seen_reaches_every_later_checkpoint(net, tmp_path):
    model = build_model(small("net"), ("happy", "sad"))
    first = torch.load(place_of(net))["features.0.0.weight"]
    assert torch.equal(model.encoder.state_dict()["backbone.layers.0.0.weight"], first)
    save_checkpoint(tmp_path / "first", model, {"base_classes": ["happy", "sad", "neutral"]})
    expected = {"angry": "net", "fear": "net"} | dict.fromkeys(("happy", "sad", "neutral"), "training")
    assert read_seen(tmp_path / "first") == SeenLabels(expected, ("net",))

    # --init of another run, which trains on another class
    again = build_model(small(), ("surprise",), start=start_from(tmp_path / "first"))
    save_checkpoint(tmp_path / "second", again, {})
    assert read_seen(tmp_path / "second") == SeenLabels({**expected, "surprise": "training"}, ("net",))

    # a teacher whose student has a network of its own
    teacher = load_checkpoint(tmp_path / "second")[0]
    student = build_student(network(width=2), teacher, from_teacher=False, freeze_encoder=False)
    save_checkpoint(tmp_path / "third", student, {})
    assert read_seen(tmp_path / "third") == read_seen(tmp_path / "second")


def test_a_student_starts_from_its_pretrained_encoder(net):
    teacher = build_recogniser(network(width=2), ("happy", "sad"))
    student = build_student(small("net"), teacher, from_teacher=False, freeze_encoder=False)
    first = torch.load(place_of(net))["features.0.0.weight"]
    assert torch.equal(student.encoder.state_dict()["backbone.layers.0.0.weight"], first)
    assert student.seen.labels.keys() == {"angry", "fear"}


def test_a_file_is_known_by_its_hash_or_not_at_all(net, tmp_path, monkeypatch):
    file = tmp_path / "mine.safetensors"
    save_file(torchvision_model(SMALL).state_dict(), file)
    model = build_model(small(), ("happy",), weights=[file])
    assert model.seen == SeenLabels(unknown=("mine.safetensors",))
    assert model.seen.warnings() == ["which labels the weights of mine.safetensors have seen is not known"]
    monkeypatch.setitem(table.PRETRAINED, "net", replace(net, sha256=sha256_of(file)[:16]))
    assert build_model(small(), ("happy",), weights=[file]).seen.labels.keys() == {"angry", "fear"}
    # beside a name, the file holds the weights of this name
    monkeypatch.setitem(table.PRETRAINED, "net", net)
    assert build_model(small("net"), (), weights=[file]).seen.unknown == ()


def test_a_checkpoint_of_an_earlier_vidfer_knows_what_it_was_trained_on(tmp_path):
    save_checkpoint(tmp_path, build_recogniser(network(width=2), ("happy",)), {"base_classes": ["sad"]})
    config = json.loads((tmp_path / "config.json").read_text())
    del config["seen"]
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert read_seen(tmp_path).labels == {"happy": "training", "sad": "training"}
    assert load_checkpoint(tmp_path)[0].seen == read_seen(tmp_path)
    for damaged in ([], {"labels": {"happy": 3}, "captions": [], "unknown": []}, {"labels": {}}):
        (tmp_path / "config.json").write_text(json.dumps(config | {"seen": damaged}))
        with refused(CheckpointError, tmp_path / "config.json", "seen"):
            load_checkpoint(tmp_path)


def test_in_words_and_as_a_record():
    assert seen_labels(json.loads(json.dumps(FER.record()))) == FER
    assert FER.among(["Fear", "happy"]) == {"Fear": "net"}  # in any spelling
    assert FER.text().startswith("angry, fear (net); farl learned from captions")
    assert SeenLabels().text() == ""
    both = FER.joined(SeenLabels({"angry": "training"}, ("clip_b16",)))
    assert both.labels["angry"] == "net" and both.captions == ("farl", "clip_b16")
