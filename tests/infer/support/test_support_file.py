import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from made_up_examples import clouds
from networks import network
from refused import refused
from safetensors import safe_open
from safetensors.numpy import save_file

from vidfer.errors import CheckpointError
from vidfer.infer.support.candidates import candidates_of
from vidfer.infer.support.encoder_parts import open_part
from vidfer.infer.support.expectation import expect
from vidfer.infer.support.learn_head import learn_head
from vidfer.infer.support.learn_support import Support
from vidfer.infer.support.settings import SupportSettings
from vidfer.infer.support.support_classifier import SupportClassifier
from vidfer.infer.support.support_file import load_support, save_support, support_hash
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import save_checkpoint

CLASSES = ("pout", "wink")


def own_network(folder, seed=0):
    torch.manual_seed(seed)
    settings = network("conv4", where_known={"width": 4, "input_px": 32})
    save_checkpoint(folder, build_recogniser(settings, ("a", "b", "c")), {})
    return folder


@pytest.fixture
def checkpoint(tmp_path):
    return own_network(tmp_path / "somebody" / "best")


@pytest.fixture
def support(checkpoint):
    part = open_part(str(checkpoint))
    name = "checkpoint:vector"
    examples = clouds((3, 3), 2, size=part.network.encoder.vector_channels, name=name)
    head = learn_head(candidates_of([name]), examples, np.ones(len(examples), bool), {})
    expected = expect(candidates_of([name]), examples, {}).record()
    return Support(CLASSES, head, (part,), 32, SupportSettings(frames=4), expected)


def windows():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (5, 2, 3, 3, 32, 32), np.uint8), np.array([[1, 1]] * 4 + [[1, 0]], bool)


def test_a_file_says_the_same_as_what_was_saved(support, checkpoint, tmp_path):
    path = tmp_path / "pout.vidfer"
    saved = save_support(path, support)
    loaded, found = load_support(path, checkpoint)
    assert found == saved == support_hash(support) and loaded.classes == CLASSES and loaded.crop_px == 32
    assert loaded.settings == support.settings and loaded.expected == support.expected
    before, after = SupportClassifier(support), SupportClassifier(loaded, found, "mine")
    assert after.classes == ("pout", "wink", "none of these") and after.about["hash"] == saved
    assert after.about["name"] == "mine" and after.about["threshold"] == 0.5
    assert "of 6 left-out" in after.about["threshold_says"]
    chances = after.probabilities(*windows())
    assert chances.shape == (5, 3) and chances.dtype == np.float32
    np.testing.assert_allclose(chances.sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(chances, before.probabilities(*windows()), atol=1e-5)


def test_windows_do_not_depend_on_the_windows_beside_them(support):
    classifier = SupportClassifier(support)
    crops, mask = windows()
    alone = np.concatenate([classifier.probabilities(crops[i : i + 1], mask[i : i + 1]) for i in range(5)])
    np.testing.assert_allclose(classifier.probabilities(crops, mask), alone, atol=1e-5)


def test_a_file_names_no_place_of_the_machine_and_holds_no_pictures(support, tmp_path):
    path = tmp_path / "pout.vidfer"
    save_support(path, support)
    content = path.read_bytes()
    assert str(tmp_path).encode() not in content and b"somebody" not in content
    with safe_open(path, "np") as file:
        tensors = [file.get_tensor(name) for name in file.keys()]  # noqa: SIM118
    assert all(tensor.ndim == 1 or tensor.shape[1] == len(CLASSES) for tensor in tensors)
    assert len(content) < 100_000


def rewritten(path, change):
    """The same file with another description, and the hash that belongs to it."""
    from vidfer.infer.support import support_file

    with safe_open(path, "np") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        metadata = dict(file.metadata())
    about = json.loads(metadata["about"])
    change(about, tensors, metadata)
    metadata["about"] = json.dumps(about)
    metadata["sha256"] = support_file._hash(tensors, metadata["about"])
    save_file(tensors, path, metadata=metadata)


def test_files_that_cannot_be_used_are_refused(support, checkpoint, tmp_path):
    path = tmp_path / "pout.vidfer"
    with refused(CheckpointError, path, "vidfer learn"):
        load_support(path)
    save_support(path, support)
    with refused(CheckpointError, path, "--checkpoint"):
        load_support(path)
    with refused(CheckpointError, path, "another checkpoint", "--checkpoint"):
        load_support(path, own_network(tmp_path / "other", seed=1))
    good = path.read_bytes()
    path.write_text("no safetensors")
    with refused(CheckpointError, path):
        load_support(path, checkpoint)
    shutil.copy(checkpoint / "model.safetensors", path)
    with refused(CheckpointError, path, "vidfer learn"):
        load_support(path, checkpoint)
    path.write_bytes(good)
    rewritten(path, lambda about, tensors, metadata: metadata.update(version="2"))
    with refused(CheckpointError, path, "version 2", "newer"):
        load_support(path, checkpoint)


CHANGES = {
    "a class more": lambda about, tensors: about["classes"].append("grin"),
    "no class": lambda about, tensors: about.update(classes=[]),
    "an unknown head": lambda about, tensors: about.update(head="magic"),
    "an unknown feature": lambda about, tensors: about.update(view=["other:vector"]),
    "no view": lambda about, tensors: about.update(view=[]),
    "no networks": lambda about, tensors: about.update(networks=[]),
    "a network without a hash": lambda about, tensors: about["networks"][0].pop("hash"),
    "no calibration": lambda about, tensors: about.pop("calibration"),
    "a strange calibration": lambda about, tensors: about.update(calibration={"none": "x", "temperature": 1}),
    "a temperature of zero": lambda about, tensors: about["calibration"].update(temperature=0),
    "strange settings": lambda about, tensors: about.update(settings={"colour": "red"}),
    "no bias": lambda about, tensors: tensors.pop("head.bias"),
    "a short origin": lambda about, tensors: tensors.update(origin=tensors["origin"][:-1]),
    "a scale of zero": lambda about, tensors: tensors.update(scale=0 * tensors["scale"]),
    "no number": lambda about, tensors: tensors["head.weights"].fill(np.nan),
    "a crop without size": lambda about, tensors: about.update(crop_px="large"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_made_up_content_is_refused(support, checkpoint, tmp_path, change):
    path = tmp_path / "pout.vidfer"
    save_support(path, support)
    rewritten(path, lambda about, tensors, metadata: CHANGES[change](about, tensors))
    with refused(CheckpointError, path):
        load_support(path, checkpoint)


def test_every_damaged_byte_is_seen(support, checkpoint, tmp_path):
    path = tmp_path / "pout.vidfer"
    save_support(path, support)
    good = path.read_bytes()
    for place in np.random.default_rng(0).integers(0, len(good), 60):
        path.write_bytes(good[:place] + bytes([good[place] ^ 0x15]) + good[place + 1 :])
        with refused(CheckpointError, path):
            load_support(path, checkpoint)
    path.write_bytes(good[: len(good) // 2])
    with refused(CheckpointError, path):
        load_support(path, checkpoint)


def test_a_file_that_cannot_be_written_leaves_the_old_one(support, tmp_path, monkeypatch):
    path = tmp_path / "pout.vidfer"
    save_support(path, support)
    before = path.read_bytes()
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(Exception, match="disk is full"):
        save_support(path, replace(support, crop_px=64))
    assert path.read_bytes() == before


def test_another_fault_of_the_disk_names_the_file(support, tmp_path):
    (tmp_path / "pout.vidfer.tmp").mkdir()
    with pytest.raises(IsADirectoryError, match=str(tmp_path / "pout.vidfer")):
        save_support(tmp_path / "pout.vidfer", support)
