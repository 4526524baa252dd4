"""Encoders side by side: standardised vectors end to end, the maps of the last one, frozen ones stay."""

import dataclasses
import json

import pytest
import torch
from networks import network
from refused import refused

from vidfer.errors import CheckpointError, SettingError
from vidfer.models.build import build_encoder, build_recogniser, model_settings
from vidfer.models.checkpoint import checkpoint_hash, load_checkpoint, save_checkpoint
from vidfer.models.describe import checkpoint_page, network_lines
from vidfer.models.encoders.side_by_side import SideBySideEncoder
from vidfer.models.encoders.side_by_side_settings import names_of_parts, side_by_side
from vidfer.models.encoders.standardising import Standardising
from vidfer.models.heads.relation import RelationSettings
from vidfer.models.seen_labels import trained_on
from vidfer.models.settings import ModelSettings

POINTS = network("face_landmarker", features="both").encoder
CONV4 = network("conv4", frame_attention="mean").encoder
RESNET = network("resnet18", width=2, input_px=64).encoder


@pytest.fixture(scope="module")
def both():
    torch.manual_seed(0)
    return build_encoder(side_by_side({"conv4": CONV4, "resnet18": RESNET})).eval()


@pytest.fixture(scope="module")
def clips():
    generator = torch.Generator().manual_seed(1)
    crops = torch.randint(256, (4, 2, 3, 3, 48, 48), generator=generator, dtype=torch.uint8)
    mask = torch.tensor([[True, True], [True, False], [False, False], [True, True]])
    return crops, mask


@torch.no_grad()
def test_each_sees_the_same_crops_as_it_would_alone(both, clips):
    alone = [one(*clips) for one in both.singles]
    found = both(*clips)
    raw = torch.cat([one.vector for one in alone], dim=1)
    weights = torch.cat([one.weight for one in both.standardising.values()])
    torch.testing.assert_close(found.vector, raw * weights / (1 + 1e-5) ** 0.5)
    assert torch.equal(found.maps, alone[-1].maps) and found.maps.shape[1] == 1
    assert found.attention.keys() == alone[-1].attention.keys()
    torch.testing.assert_close(both.vectors(*clips), found.vector)
    assert both.vector_channels == found.vector.shape[1] == 512 + both.singles[1].vector_channels
    assert both.regions == ("face", "eyes", "mouth")


@torch.no_grad()
def test_crops_of_the_regions_of_all_together_are_enough(clips):
    settings = [
        network("conv4", regions=("face", "mouth")).encoder,
        network("resnet18", width=2, regions=("mouth",)).encoder,
    ]
    both = build_encoder(side_by_side(dict(zip(("a", "b"), settings)))).eval()
    crops, mask = clips
    assert both.regions == ("face", "mouth")
    torch.testing.assert_close(both.vectors(crops[:, :, [0, 2]], mask), both.vectors(crops, mask))


def test_standardised_vectors_weigh_the_same_whatever_their_length():
    encoder = build_encoder(side_by_side({"face_landmarker": POINTS, "conv4": CONV4}))
    vectors = {"face_landmarker": torch.randn(300, 1434 + 52) * 7 + 3, "conv4": torch.randn(300, 512) * 0.01}
    vectors["face_landmarker"][:, 5] = 2.0
    for name, of_one in vectors.items():
        encoder.standardising[name].fit(of_one)
    joined = encoder.joined([*vectors.values()], torch.arange(300) != 7)
    assert not joined[7].any() and not joined[:, 5].any()
    joined = joined[torch.arange(300) != 7]
    assert joined.mean(0).abs().max() < 0.5
    points, shapes, skin = (part.square().sum(1).mean() for part in joined.split((1434, 52, 512), dim=1))
    # The points and the blendshapes share the weight of their encoder.
    assert (points + shapes).item() == pytest.approx(skin.item(), rel=0.01)
    assert points.item() == pytest.approx(shapes.item(), rel=0.01)
    assert joined.square().mean().item() == pytest.approx(1, rel=0.01)


def test_closed_form():
    encoder = SideBySideEncoder({"a": Numbers(2), "b": Numbers(6)})
    assert encoder.part_sizes().tolist() == [2] * 2 + [6] * 6
    # Eight numbers, of which two weigh half: each of these has a mean square of 2.
    one = encoder.standardising["a"]
    torch.testing.assert_close(one.weight, torch.full((2,), 2**0.5))
    one.fit(torch.tensor([[1.0, 10], [3, 30]]))
    found = one(torch.tensor([[4.0, 10], [2, 0]]), torch.tensor([True, False]))
    torch.testing.assert_close(found, torch.tensor([[2.0, -1], [0, 0]]) * 2**0.5)
    with pytest.raises(ValueError, match="3 vectors are all equal"):
        encoder.standardising["b"].fit(torch.ones(3, 6))


def test_it_follows_an_encoder_that_learns():
    one, has_face = Standardising(torch.ones(2)), torch.tensor([True, True, False])
    vectors = torch.tensor([[1.0, 10], [3, 30], [99, 99]])
    found = one.train()(vectors, has_face)
    torch.testing.assert_close(found, torch.tensor([[-1.0, -1], [1, 1], [0, 0]]), atol=1e-4, rtol=0)
    for _ in range(200):
        one(vectors, has_face)
    torch.testing.assert_close(one.following.running_mean, torch.tensor([2.0, 20]))
    alone = one(vectors, torch.tensor([True, False, False]))  # one clip has no spread
    torch.testing.assert_close(alone, one.eval()(vectors, torch.tensor([True, False, False])))
    assert alone[0].tolist() == pytest.approx([-(0.5**0.5)] * 2, abs=1e-3)  # of two, unbiased
    assert not one.train()(vectors, torch.tensor([False] * 3)).any()
    one.fit(torch.tensor([[0.0, 0], [2, 2]]))
    torch.testing.assert_close(one(vectors, has_face)[1], torch.tensor([2.0, 29]))
    one.follow()
    torch.testing.assert_close(one(vectors, has_face), found)


class Numbers(torch.nn.Module):
    """As long as an encoder's vector."""

    regions, vector_parts = ("face",), (1,)

    def __init__(self, channels):
        super().__init__()
        self.vector_channels = channels

    def part_sizes(self):
        return torch.full((self.vector_channels,), float(self.vector_channels))


def test_half_precision_does_not_round_the_standardising():
    one = Standardising(torch.ones(1)).eval()
    one.fit(torch.tensor([[1000.25], [1000.75]]))
    with torch.autocast("cpu", torch.bfloat16):
        assert one(torch.tensor([[1000.75]]), torch.tensor([True])).item() == pytest.approx(1)


def test_a_frozen_one_stays_as_it_is():
    settings = side_by_side({"conv4": CONV4, "resnet18": RESNET}, frozen=["resnet18"])
    model = build_recogniser(ModelSettings(encoder=settings), ("happy", "sad")).train()
    conv4, resnet = model.encoder.singles
    assert conv4.training and not resnet.training and not any(m.training for m in resnet.modules())
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    crops, mask = torch.rand(4, 1, 3, 3, 48, 48), torch.ones(4, 1, dtype=torch.bool)
    model(crops, mask).square().sum().backward()
    torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1).step()
    changed = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed and not any("encoders.resnet18" in name for name in changed)
    assert any("encoder.encoders.conv4" in name and "running_mean" in name for name in changed)


def test_a_checkpoint_keeps_them(both, clips, tmp_path):
    settings = ModelSettings(encoder=side_by_side({"conv4": CONV4, "resnet18": RESNET}, ["conv4"]))
    torch.manual_seed(0)
    model = build_recogniser(settings, ("happy", "sad")).eval()
    model.encoder.standardising["resnet18"].fit(torch.randn(9, model.encoder.singles[1].vector_channels))
    save_checkpoint(tmp_path, model, {})
    loaded, _ = load_checkpoint(tmp_path)
    assert loaded.settings == settings and loaded.settings.encoder.title == "conv4+resnet18"
    assert (
        loaded.encoder.frozen == ("conv4",)
        and not loaded.encoder.encoders["conv4"].blocks[0][0].weight.requires_grad
    )
    with torch.no_grad():
        assert torch.equal(loaded(*clips), model(*clips))
    config = json.loads((tmp_path / "config.json").read_text())
    for damage in ({"resnet18": {"name": "resnet19"}}, {"frozen": ["nobody"]}, {"frozen": None}):
        text = json.dumps(
            config | {"model": config["model"] | {"encoder": config["model"]["encoder"] | damage}}
        )
        (tmp_path / "config.json").write_text(text)
        with refused(CheckpointError, "cannot build"):
            load_checkpoint(tmp_path)


def test_settings():
    both = side_by_side({"face_landmarker": POINTS, "resnet18": RESNET})
    assert both == side_by_side({"face_landmarker": POINTS, "resnet18": RESNET})
    assert both != side_by_side({"resnet18": RESNET, "face_landmarker": POINTS})
    as_json = json.loads(json.dumps(dataclasses.asdict(ModelSettings(encoder=both))))
    assert model_settings(as_json).encoder == both
    assert both.input_px is None  # the landmarker takes the crops as they are
    assert side_by_side({"a": RESNET, "b": dataclasses.replace(RESNET, input_px=80)}).input_px == 80
    with refused(SettingError, "--encoder.frozen conv4", "face_landmarker, resnet18"):
        dataclasses.replace(both, frozen=("conv4",))


def test_a_head_is_checked_against_the_regions_of_the_maps():
    mouth = dataclasses.replace(RESNET, regions=("mouth",))
    compares_faces = RelationSettings(regions="face")
    ModelSettings(encoder=side_by_side({"a": mouth, "b": CONV4}), head=compares_faces)
    with refused(SettingError, "--head.regions face", "mouth"):
        ModelSettings(encoder=side_by_side({"b": CONV4, "a": mouth}), head=compares_faces)


@pytest.mark.parametrize(
    ("text", "why"),
    [("a+", "each side"), ("+a", "each side"), ("a++b", "each side"), ("a+b+a", "a is there twice")],
)
def test_names(text, why):
    assert names_of_parts("a+b_c") == ["a", "b_c"]
    with refused(SettingError, f"--encoder {text}", why):
        names_of_parts(text)


def test_a_checkpoint_tells_of_both(tmp_path):
    points = dataclasses.replace(POINTS, pretrained="face_landmarker", features="logits")
    settings = side_by_side({"face_landmarker": points, "init": RESNET}, ["face_landmarker"])
    model = build_recogniser(ModelSettings(encoder=settings), ("happy", "sad"))
    model.seen = trained_on(["fear"])
    save_checkpoint(tmp_path, model, {})
    counts = [f"{sum(p.numel() for p in one.parameters()):,}" for one in (*model.encoder.singles, model)]
    lines = network_lines(tmp_path)
    assert lines["encoder"] == (
        f"face_landmarker, {counts[0]} parameters, which stay as they are; "
        f"beside it init (resnet18), {counts[1]} parameters"
    )
    assert lines["parameters"] == f"{counts[2]} in all" and lines["classes"] == "happy, sad"
    page = checkpoint_page(tmp_path)
    assert checkpoint_hash(tmp_path) in page and "fear (training)" in page and "none" in page
