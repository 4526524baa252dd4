"""Which networks examples are seen with, and how examples are told apart when they are left out."""

from pathlib import Path

import numpy as np
import pytest
import torch
from networks import network
from refused import refused

from vidfer.clips.clip import Clip
from vidfer.errors import CheckpointError, SettingError
from vidfer.infer.support.encoder_parts import CHECKPOINT, INCLUDED, default_names, open_part, open_parts
from vidfer.infer.support.learn_support import _padded, groups_of
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import load_checkpoint, save_checkpoint


@pytest.fixture
def run(tmp_path):
    settings = network("conv4", where_known={"width": 4, "input_px": 32})
    save_checkpoint(tmp_path / "run" / "checkpoints" / "best", build_recogniser(settings, ("a", "b")), {})
    return tmp_path / "run"


def pieces(n, n_frames=2):
    return np.random.default_rng(n).integers(0, 256, (n, n_frames, 3, 3, 80, 80), np.uint8)


def test_the_included_network_gives_vectors_and_answers():
    part = open_part("basic7")
    assert (part.name, part.kind, part.crop_px, part.regions) == ("basic7", INCLUDED, 80, ("face",))
    crops, mask = pieces(70), np.ones((70, 2), bool)
    features = part.features(crops, mask)
    recogniser, _ = load_checkpoint(Path("basic7"))
    with torch.no_grad():
        logits = recogniser(torch.from_numpy(crops[:3]), torch.from_numpy(mask[:3]))
    np.testing.assert_allclose(features["basic7:answers"][:3], logits.log_softmax(1), atol=1e-4)
    assert features["basic7:vector"].shape == (70, 352) and {*part.typical} == {*features}


def test_a_run_folder_is_a_checkpoint_without_a_name(run):
    part = open_part(str(run))
    assert (part.name, part.kind) == ("checkpoint", CHECKPOINT) and not part.typical
    assert {*part.features(pieces(2), np.ones((2, 2), bool))} == {"checkpoint:vector", "checkpoint:answers"}


def test_networks_that_are_not_there_are_refused(run, tmp_path, monkeypatch):
    monkeypatch.setenv("VIDFER_ENCODERS", str(tmp_path / "nothing"))
    assert default_names() == ("basic7",)
    with refused(CheckpointError, "face_landmarker", "vidfer encoders get"):
        open_parts(["face_landmarker"])
    with refused(SettingError, "nonsense", "basic7"):
        open_parts(["nonsense"])
    with refused(CheckpointError, tmp_path):
        open_parts([str(tmp_path)])
    with refused(SettingError, "one checkpoint"):
        open_parts([str(run), str(run / "checkpoints" / "best")])


def test_examples_of_other_lengths_go_through_in_one_batch():
    part = open_part("basic7")
    lots = [(pieces(2, 1), np.ones((2, 1), bool)), (pieces(3, 4), np.ones((3, 4), bool))]
    together = part.features(*_padded(lots))["basic7:vector"]
    alone = np.concatenate([part.features(*one)["basic7:vector"] for one in lots])
    np.testing.assert_allclose(together, alone, atol=1e-4)


def clips(*rows):
    return [Clip(id=path, path=Path(path), label=label, subject=who) for label, path, who in rows]


def test_people_are_left_out_where_they_are_known_and_classes_have_several():
    known = clips(
        ("a", "1", "ann"), ("a", "2", "bob"), ("b", "3", "ann"), ("b", "4", "bob"), (None, "5", "ann")
    )
    groups, what = groups_of(known)
    assert what == "person" and groups.tolist() == [0, 1, 0, 1, 0]
    one_person = clips(("a", "1", "ann"), ("a", "2", "ann"), ("b", "3", "ann"), ("b", "4", "bob"))
    assert groups_of(one_person)[1] == "video"
    unknown = clips(("a", "1", None), ("a", "2", "ann"), ("b", "3", "bob"))
    assert groups_of(unknown)[1] == "video"  # and a class with one example changes nothing


def test_parts_of_one_video_are_left_out_together_unless_a_class_has_no_other():
    two = clips(("a", "1", None), ("a", "1", None), ("a", "2", None), ("b", "2", None), ("b", "3", None))
    assert [*map(list, groups_of(two)[:1])] == [[0, 0, 1, 1, 2]] and groups_of(two)[1] == "video"
    one = clips(("a", "1", None), ("a", "1", None), ("b", "2", None), ("b", "3", None))
    assert groups_of(one)[1] == "example" and groups_of(one)[0].tolist() == [0, 1, 2, 3]
