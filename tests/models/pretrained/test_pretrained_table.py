import pytest
import torch
from refused import refused

from vidfer.clips.labels import BASIC
from vidfer.errors import SettingError
from vidfer.models.build import build_encoder
from vidfer.models.encoders import ENCODERS
from vidfer.models.pretrained.pretrained_settings import pretrained_settings
from vidfer.models.pretrained.table import GROUPS, PRETRAINED, pretrained

KINDS = {name: kind.Settings for name, kind in ENCODERS.items()}
READ = [row for row in PRETRAINED.values() if row.encoder in KINDS]
OF_TIMM = [row for row in READ if row.encoder == "timm"]


def test_names_are_unique_and_labels_known():
    assert len(PRETRAINED) == sum(len(rows) for rows in GROUPS.values())
    for row in PRETRAINED.values():
        assert {*row.seen} <= {*BASIC, "contempt"}
        assert set(row.sha256) <= set("0123456789abcdef") and len(row.sha256) in (0, *range(8, 65))
        assert row.url is None or row.hub is None
    assert not any(row.seen for rows in list(GROUPS.values())[:3] for row in rows)
    assert all(row.seen for row in GROUPS["Expression labels"])


@pytest.mark.parametrize("row", READ, ids=lambda row: row.name)
def test_each_is_built_with_its_size_and_normalisation(row):
    if row.encoder == "timm":
        pytest.importorskip("timm")
    settings = pretrained_settings(row.name, KINDS)
    assert settings.pretrained == row.name and settings.input_px == row.input_px
    encoder = build_encoder(settings)
    if row.mean is not None:
        torch.testing.assert_close(encoder.input.mean.flatten(), torch.tensor(row.mean))
        torch.testing.assert_close(encoder.input.std.flatten(), torch.tensor(row.std))


@pytest.mark.parametrize("row", OF_TIMM, ids=lambda row: row.name)
def test_timm_says_the_same_of_its_own(row):
    timm = pytest.importorskip("timm")
    if row.hub is None or not row.hub.startswith("timm/"):
        return
    tag = row.hub.removeprefix("timm/").partition(".")[2]
    config = timm.get_pretrained_cfg(f"{row.network}.{tag}")
    assert (config.hf_hub_id, config.mean, config.std) == (row.hub, row.mean, row.std)
    assert row.licence.lower().startswith(config.license.partition("-")[0]) or row.name == "clip_b16"


def test_torchvision_says_the_same_of_its_own():
    import torchvision

    for row in PRETRAINED.values():
        if row.name.startswith("imagenet_"):
            weights = torchvision.models.get_model_weights(row.network)
            assert row.url in {one.url for one in weights}
            assert row.sha256 in row.url


def test_unknown_and_unread_names():
    with refused(SettingError, "dinov2", "dinov2_s", "vidfer encoders"):
        pretrained("dinov2")
    with refused(SettingError, "--student.encoder marlin_b", "vidfer encoders"):
        pretrained_settings("marlin_b", KINDS, "--student.encoder")
