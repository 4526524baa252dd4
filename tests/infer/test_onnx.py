"""A classifier as an ONNX file: it gives the same as PyTorch, and what is no such file is refused."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from networks import network
from onnx import TensorProto, helper
from refused import refused

from vidfer.errors import CheckpointError, MissingPackageError
from vidfer.infer.classifier import NetworkClassifier
from vidfer.infer.export_onnx import AGREE, NO_LICENCE, compare, export_onnx
from vidfer.infer.onnx_classifier import load_onnx
from vidfer.infer.onnx_file import read_model, with_facts
from vidfer.infer.selective import Calibration
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import checkpoint_hash, load_checkpoint, save_checkpoint
from vidfer.models.onnx_operators import RESIZING

CLASSES = ("angry", "happy", "sad")
CALIBRATION = Calibration(
    temperature=1.7, clips=200, thresholds=(0.0, 0.5, 0.7), answered=(200, 100, 50), right=(120, 70, 45)
)


def checkpoint(folder: Path, settings=None, classes=CLASSES, **info) -> Path:
    torch.manual_seed(0)
    made = build_recogniser(settings or network("resnet18", None, width=4, input_px=32), classes)
    save_checkpoint(folder, made, info)
    return folder


@pytest.fixture(scope="module")
def known(tmp_path_factory) -> tuple[Path, Path]:
    """A checkpoint with a calibration, and the file that it became."""
    folder = tmp_path_factory.mktemp("onnx")
    net = checkpoint(folder / "net", calibration=CALIBRATION.record())
    export_onnx(net, folder / "net.onnx")
    return net, folder / "net.onnx"


def windows(windows: int, frames: int, size_px: int = 32, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    mask = rng.random((windows, frames)) < 0.6
    mask[:, 0] = True
    return rng.integers(0, 256, (windows, frames, 3, 3, size_px, size_px), dtype=np.uint8), mask


SETTINGS = {
    "one region": network("resnet18", None, width=4, input_px=32),
    "three regions": network("resnet18", None, width=4, input_px=32, regions=("face", "eyes", "mouth")),
    "grouped": network("grouped_resnet18", None, width=4, input_px=32),
    "eyes and mouth": network("grouped_resnet18", None, width=4, input_px=32, regions=("eyes", "mouth")),
    "conv4": network("conv4", None),
    "FAN": network("resnet18", None, width=4, input_px=32, frame_attention="relation"),
    "whitened": network("resnet18", None, width=4, input_px=32, whitened=True),
    "timm": network("timm test_vit", None, input_px=32),
    "sigmoid": network("resnet18", None, width=4, input_px=32, frame_attention="sigmoid"),
}


@pytest.mark.parametrize("kind", SETTINGS)
def test_the_file_gives_what_the_network_gives_for_any_number_of_windows_and_frames(kind, tmp_path):
    net, file = checkpoint(tmp_path / "net", SETTINGS[kind]), tmp_path / "net.onnx"
    made = export_onnx(net, file)
    assert made.difference <= AGREE and made.n_bytes == file.stat().st_size
    by_onnx, _ = load_onnx(file)
    by_torch = NetworkClassifier(load_checkpoint(net)[0], {})
    assert (by_onnx.classes, by_onnx.regions, by_onnx.crop_px) == (
        CLASSES,
        by_torch.regions,
        by_torch.crop_px,
    )
    for shape in ((1, 1), (2, 7), (5, 2)):
        crops, mask = windows(*shape, by_onnx.crop_px)
        found = by_onnx.probabilities(crops, mask)
        assert found.dtype == np.float32 and found.shape == (shape[0], len(CLASSES))
        np.testing.assert_allclose(found, by_torch.probabilities(crops, mask), atol=1e-5)


def test_frames_without_a_face_change_nothing(known):
    classifier, _ = load_onnx(known[1])
    crops, mask = windows(3, 6)
    assert not mask.all()
    other = crops.copy()
    other[~mask] = 255 - other[~mask]
    np.testing.assert_array_equal(
        classifier.probabilities(crops, mask), classifier.probabilities(other, mask)
    )
    all_seen = classifier.probabilities(crops, np.ones_like(mask))
    assert np.abs(all_seen - classifier.probabilities(crops, mask)).max() > 1e-4


def test_the_file_tells_classes_crops_hash_licence_and_how_sure_it_must_be(known):
    net, file = known
    _, facts = read_model(file)
    assert facts.classes == CLASSES and facts.regions == ("face",) and facts.crop_px == 32
    assert facts.checkpoint_hash == checkpoint_hash(net) and facts.licence == NO_LICENCE
    assert facts.crop == {"face_side": 2.9, "eyes_side": 2.1, "mouth_side": 1.6, "enhance": "brighten"}
    assert facts.seen["labels"] == dict.fromkeys(CLASSES, "training")
    classifier, why = load_onnx(file, accuracy=0.65)
    assert classifier.about["threshold"] == 0.5 and "70 %" in why
    assert classifier.about["kind"] == "onnx" and classifier.about["hash"] == checkpoint_hash(net)
    by_torch = NetworkClassifier(load_checkpoint(net)[0], {}, temperature=1.7)
    crops, mask = windows(2, 3)
    expected = by_torch.probabilities(crops, mask)
    np.testing.assert_allclose(classifier.probabilities(crops, mask), expected, atol=1e-5)


def test_a_licence_that_is_given_stands_in_the_file_and_the_included_network_has_one(tmp_path):
    export_onnx(checkpoint(tmp_path / "net"), tmp_path / "a.onnx", licence="CC BY 4.0, Ann")
    assert read_model(tmp_path / "a.onnx")[1].licence == "CC BY 4.0, Ann"
    assert "Apache-2.0" in export_onnx("basic7", tmp_path / "b.onnx").facts.licence


def test_a_checkpoint_without_calibration_answers_by_the_plain_rule(tmp_path):
    export_onnx(checkpoint(tmp_path / "net"), tmp_path / "a.onnx")
    classifier, why = load_onnx(tmp_path / "a.onnx")
    assert classifier.about["threshold"] == 0.5 and not classifier.about["calibrated"]
    assert "not calibrated" in why


def test_another_network_does_not_pass_the_comparison(known, tmp_path):
    net, file = known
    content, facts = read_model(file)
    network_, _ = load_checkpoint(net)
    assert compare(network_, content, facts, file) <= AGREE
    network_.classifier[1].bias.data[0] += 0.01
    assert compare(network_, content, facts, file) > 10 * AGREE


def test_a_file_that_would_give_something_else_is_not_written(tmp_path, monkeypatch):
    net = checkpoint(tmp_path / "net", SETTINGS["timm"])
    monkeypatch.setitem(RESIZING, "aten::_upsample_bicubic2d_aa", {"mode_s": "linear"})
    with refused(CheckpointError, "timm", "other results", AGREE, f"--checkpoint {net}"):
        export_onnx(net, tmp_path / "net.onnx")
    assert not (tmp_path / "net.onnx").exists()


def test_a_network_that_onnx_cannot_say_is_refused_and_nothing_is_written(tmp_path):
    net = checkpoint(tmp_path / "net", network("face_landmarker", None))
    with refused(CheckpointError, "face_landmarker", "cannot be written as ONNX", f"--checkpoint {net}"):
        export_onnx(net, tmp_path / "out" / "net.onnx")
    assert not (tmp_path / "out").exists()


def test_a_checkpoint_without_a_classifier_is_refused(tmp_path):
    net = checkpoint(tmp_path / "net", network("resnet18", "prototype", width=4, input_px=32), ())
    with refused(CheckpointError, net, "no classifier"):
        export_onnx(net, tmp_path / "net.onnx")


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_a_missing_package_is_named(package, known, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, package, None)
    for use in (lambda: export_onnx(known[0], tmp_path / "a.onnx"), lambda: load_onnx(known[1])):
        with refused(MissingPackageError, package, "vidfer[onnx]"):
            use()


# Files that are no classifier of vidfer


def changed(file: Path, out: Path, change) -> Path:
    model = onnx.load_model_from_string(file.read_bytes())
    change(model)
    out.write_bytes(model.SerializeToString())
    return out


def entry(model, name):
    return next(one for one in model.metadata_props if one.key == name)


def test_there_is_no_file(tmp_path):
    with refused(CheckpointError, tmp_path / "none.onnx", "export-onnx"):
        load_onnx(tmp_path / "none.onnx")
    with refused(CheckpointError, tmp_path):
        load_onnx(tmp_path)


def test_a_damaged_file_is_refused_wherever_the_damage_is(known, tmp_path):
    content = bytearray(known[1].read_bytes())
    file = tmp_path / "net.onnx"
    for harm in (b"", b"no model at all", bytes(content[: len(content) // 2]), os.urandom(5000)):
        file.write_bytes(harm)
        with refused(CheckpointError, file, "export-onnx"):
            load_onnx(file)
    rng = np.random.default_rng(0)
    for place in rng.integers(0, len(content), 40):
        harmed = content.copy()
        harmed[place] ^= 0xFF
        file.write_bytes(bytes(harmed))
        try:
            load_onnx(file)
        except CheckpointError as error:
            assert str(file) in str(error)


def test_a_damaged_weight_is_found(known, tmp_path):
    def harm(model):
        tensor = max(model.graph.initializer, key=lambda one: len(one.raw_data))
        tensor.raw_data = tensor.raw_data[:100] + b"\x01" + tensor.raw_data[101:]

    with refused(CheckpointError, "net.onnx", "weights", "damaged"):
        load_onnx(changed(known[1], tmp_path / "net.onnx", harm))


def test_a_foreign_model_is_refused(tmp_path):
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", ports[:1], ports[1:])
    onnx.save(helper.make_model(graph), tmp_path / "other.onnx")
    with refused(CheckpointError, "other.onnx", "export-onnx", "classes"):
        load_onnx(tmp_path / "other.onnx")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("classes", '["angry"]'),
        ("classes", "[]"),
        ("classes", '["angry", "angry", "sad"]'),
        ("classes", "[1, 2, 3]"),
        ("classes", "{"),
        ("regions", '["mouth", "face"]'),
        ("regions", '["face", "eyes"]'),
        ("regions", '["nose"]'),
        ("crop_px", "64"),
        ("crop_px", "-1"),
        ("crop_px", '"32"'),
        ("crop_px", "1e9"),
        ("calibration", '{"temperature": 0}'),
        ("calibration", "[" * 100000),
        ("seen", "7"),
        ("crop", "[]"),
    ],
)
def test_made_up_metadata_are_refused(name, value, known, tmp_path):
    def lie(model):
        entry(model, name).value = value

    file = changed(known[1], tmp_path / "net.onnx", lie)
    with refused(CheckpointError, file):
        classifier, _ = load_onnx(file)
        classifier.probabilities(*windows(1, 2))


@pytest.mark.parametrize("name", ["classes", "checkpoint_hash", "licence", "format"])
def test_missing_metadata_are_refused(name, known, tmp_path):
    with refused(CheckpointError, "net.onnx", "export-onnx"):
        load_onnx(changed(known[1], tmp_path / "net.onnx", lambda m: m.metadata_props.remove(entry(m, name))))


def hostile(known, change) -> bytes:
    """A model with a change that keeps what it says about itself true."""
    content, facts = read_model(known[1])
    model = onnx.load_model_from_string(content)
    change(model)
    return with_facts(model, facts)


def outside_weights(model):
    tensor = model.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../secret")


def endless(model):
    model.graph.node[0].op_type = "Loop"


def own_operator(model):
    model.graph.node[0].domain = "com.evil"


@pytest.mark.parametrize(
    ("change", "fact"),
    [(outside_weights, "other files"), (endless, "Loop"), (own_operator, "operators of its own")],
)
def test_a_model_that_could_do_more_than_compute_is_refused(change, fact, known, tmp_path):
    file = tmp_path / "net.onnx"
    file.write_bytes(hostile(known, change))
    with refused(CheckpointError, file, fact):
        load_onnx(file)


def test_an_operator_that_onnxruntime_does_not_know_is_refused(known, tmp_path):
    file = tmp_path / "net.onnx"
    file.write_bytes(hostile(known, lambda model: setattr(model.graph.node[0], "op_type", "Magic")))
    with refused(CheckpointError, file, "onnxruntime"):
        load_onnx(file)


def test_a_model_that_gives_no_numbers_is_told_when_it_runs(known, tmp_path):
    def not_finite(model):
        for tensor in model.graph.initializer:
            if tensor.data_type == TensorProto.FLOAT and list(tensor.dims) == [len(CLASSES)]:
                tensor.raw_data = np.full(len(CLASSES), np.nan, np.float32).tobytes()

    file = tmp_path / "net.onnx"
    file.write_bytes(hostile(known, not_finite))
    classifier, _ = load_onnx(file)
    with refused(CheckpointError, file, "not finite"):
        classifier.probabilities(*windows(1, 2))


def test_the_facts_come_back_from_the_file(known):
    content, facts = read_model(known[1])
    model = onnx.load_model_from_string(content)
    other = replace(facts, licence="none [] {}", calibration=None)
    again = known[1].with_name("again.onnx")
    again.write_bytes(with_facts(model, other))
    assert read_model(again)[1] == other
    assert json.loads(entry(model, "classes").value) == list(CLASSES)
