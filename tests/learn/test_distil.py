"""The loss of a guide's features, and the clips that carry them."""

import shutil

import pytest
import torch
from crop_caches import write_cache
from networks import network
from refused import refused

from vidfer.data.dataset import ClipDataset
from vidfer.data.joined_clips import JoinedClips
from vidfer.errors import CheckpointError, SettingError
from vidfer.learn.distil import FeatureLoss, GuidedClips, GuidedNet, recogniser_of
from vidfer.learn.distil_settings import DistilSettings
from vidfer.learn.guide import LARGEST, LEAST_SPREAD, load_guide, standardised
from vidfer.models.build import build_recogniser
from vidfer.models.pretrained.keep import place_of
from vidfer.models.pretrained.table import pretrained


def test_the_loss_is_hubers_and_counts_parts_alike():
    found = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 3.0]])
    features = torch.tensor([[0.0, 0.0, 0.5], [0.0, 0.0, 0.0]])
    # The numbers 1 and 2: 1/2 of one clip and 0; number 3: 1/8 and 5/2.
    first, second = 0.5 / 4, (0.125 + 2.5) / 2
    loss = FeatureLoss(weight=3.0, parts=(2, 1))(found, features)
    assert loss.item() == pytest.approx(3 * (first + second) / 2)


def test_features_are_standardised_and_rounding_is_not_blown_up():
    torch.manual_seed(0)
    plain = torch.randn(500, 1) * 10 + 7
    rounding = torch.randn(500, 1) * 0.01
    found = standardised(torch.cat([plain, rounding], 1), "it")
    mean, spread = plain.double().mean(), plain.double().std(correction=0)
    expected = ((plain - mean) / spread).clamp(-LARGEST, LARGEST).float()
    torch.testing.assert_close(found[:, :1], expected)
    assert found[:, 1].std().item() == pytest.approx(0.01 / (LEAST_SPREAD * spread.item()), rel=0.1)
    wild = standardised(torch.tensor([[0.0]] * 99 + [[1.0]]), "it")
    assert wild.max() == LARGEST
    with refused(CheckpointError, "--distil.encoder it", "3 clips"):
        standardised(torch.ones(3, 2), "it")


def test_each_clip_has_its_own_features_and_says_whether_it_has_a_label(tmp_path):
    names = [{"id": f"c{i}", "label": "happy", "status": "d"} for i in range(4)]
    cache = write_cache(tmp_path / "a.h5", names, size_px=8)
    path = getattr(cache, "path", tmp_path / "a.h5")
    parts = [ClipDataset(path, [2, 0], [1, 0], n_frames=1), ClipDataset(path, [3], n_frames=1)]
    features = torch.arange(6.0).view(3, 2)
    clips = GuidedClips(JoinedClips(parts), features, (2,))
    assert len(clips) == 3 and clips.labels.tolist() == [1, 0, -1]
    for items in ([clips[i] for i in (2, 0, 1)], clips.__getitems__([2, 0, 1])):
        assert [item["clip"].item() for item in items] == [3, 2, 0]
        assert [item["pseudo"].item() for item in items] == [True, False, False]
        assert torch.stack([item["guide"] for item in items]).equal(features[[2, 0, 1]])


def test_the_layer_for_the_features_stands_outside_of_the_recogniser():
    model = build_recogniser(network("resnet18", "prototype", width=2, dropout=0.0), ("a", "b"))
    net = GuidedNet(model, 5).eval()
    crops, mask = torch.rand(2, 1, 3, 3, 32, 32), torch.ones(2, 1, dtype=torch.bool)
    logits, features = net(crops, mask)
    torch.testing.assert_close(logits, model.eval()(crops, mask))
    torch.testing.assert_close(features, net.to_features(model.vectors(crops, mask)))
    assert features.shape == (2, 5)
    assert recogniser_of(net) is model and recogniser_of(model) is model


def test_settings_that_cannot_be():
    for weight in (0.0, -1.0, float("inf"), float("nan")):
        with refused(SettingError, "--distil.weight"):
            DistilSettings(weight=weight)
    with refused(SettingError, "--distil.encoder", "--freeze-encoder"):
        DistilSettings(encoder="face_landmarker").check_trains(True)
    DistilSettings().check_trains(True)


def test_a_guide_by_name_is_the_pretrained_encoder_and_stays_as_it_is(shared, tmp_path, monkeypatch):
    monkeypatch.setenv("VIDFER_ENCODERS", str(tmp_path))
    with refused(CheckpointError, "face_landmarker"):
        load_guide(DistilSettings(encoder="face_landmarker"), [])
    place = place_of(pretrained("face_landmarker"))
    place.parent.mkdir(parents=True)
    shutil.copy(shared / "weights/mediapipe/face_landmarker.task", place)
    guide = load_guide(DistilSettings(encoder="face_landmarker"), [])
    assert guide.recogniser.encoder_frozen and not guide.recogniser.seen.labels
    assert guide.recogniser.encoder.vector_parts == (52,)
    assert load_guide(DistilSettings(), []) is None
