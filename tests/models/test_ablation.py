"""Parts of Noisy Student FER's network that are switched off: no parameters, no influence."""

import pytest
import torch
from networks import network

from vidfer.crops import REGIONS
from vidfer.models.build import build_recogniser

CLASSES = ("angry", "happy")
SUBSETS = [("face",), ("eyes",), ("mouth",), ("face", "eyes"), ("face", "mouth"), ("eyes", "mouth"), REGIONS]
MASK = torch.ones(2, 3, dtype=torch.bool)


def crops():
    return torch.randint(0, 256, (2, 3, 3, 3, 64, 64), dtype=torch.uint8)


def built(**settings):
    """A small model in evaluation mode in which every part that is there has a say."""
    model = build_recogniser(network(where_known={"width": 4, "input_px": 64}, **settings), CLASSES).eval()
    for name, parameter in model.encoder.named_parameters():
        if "attention" in name:
            torch.nn.init.normal_(parameter, std=0.5)
    return model


@pytest.mark.parametrize("encoder", ["grouped_resnet18", "conv4"])
@pytest.mark.parametrize("regions", SUBSETS, ids="+".join)
def test_regions_that_are_off_are_not_looked_at(regions, encoder):
    model, seen = built(regions=regions, encoder=encoder), crops()
    one = model.embed(seen, MASK)
    assert one.maps.shape == (2, len(regions), 64, 14, 14)
    of_conv4 = sum({"face": 256, "eyes": 128, "mouth": 128}[region] for region in regions)
    assert one.vector.shape == (2, of_conv4 if encoder == "conv4" else 512)
    assert encoder == "conv4" or one.attention["regions"].shape == (2, 3, len(regions))
    for position, region in enumerate(REGIONS):
        other = seen.clone()
        other[:, :, position] = 255 - other[:, :, position]
        two = model.embed(other, MASK)
        same = torch.equal(one.vector, two.vector) and torch.equal(one.maps, two.maps)
        assert same == (region not in regions)


def test_a_region_is_a_third_of_the_backbone_and_an_only_one_needs_no_region_attention():
    whole, face = built().encoder, built(regions=("face",)).encoder

    def size(part):
        return sum(parameter.numel() for parameter in part.parameters())

    assert 3 * size(face.backbone) == size(whole.backbone)
    assert 3 * size(face.spatial_attention) == size(whole.spatial_attention)
    assert size(face.region_attention) == 0 < size(whole.region_attention)


@pytest.mark.parametrize("head", ["csrn", "prototype"])
@pytest.mark.parametrize("regions", [("mouth",), ("face", "eyes")], ids="+".join)
def test_classifier_and_heads_take_any_regions(regions, head):
    model, seen = built(regions=regions, head=head), crops()
    embedding = model.embed(seen, MASK)
    assert model.head(embedding, torch.tensor([0, 1]), embedding).shape == (2, 2)
    assert model(seen, MASK).shape == (2, 2)


@pytest.mark.parametrize("part", ["spatial_attention", "region_attention", "frame_attention"])
def test_an_attention_that_is_off_is_gone(part):
    on, off = built(), built(**{part: "mean"})
    lost = on.state_dict().keys() - off.state_dict().keys()
    assert lost == {name for name in on.state_dict() if name.startswith(f"encoder.{part}.")} != set()
    assert off.state_dict().keys() <= on.state_dict().keys()
    weights = off.embed(crops(), MASK).attention
    names = {"spatial_attention": [f"spatial{s}" for s in (1, 2, 3, 4)], "region_attention": ["regions"]}
    for name, weight in weights.items():
        uniform = torch.full_like(weight, 1 / weight.shape[-1])
        assert torch.allclose(weight, uniform) == (name in names.get(part, ["frames"]))


def test_with_all_three_off_a_frame_is_the_mean_of_means():
    model = built(spatial_attention="mean", region_attention="mean", frame_attention="mean")
    assert not [name for name in model.state_dict() if "attention" in name]
    encoder, seen = model.encoder, crops()
    stages = encoder.backbone(encoder.input(seen.flatten(0, 1)))
    per_region = torch.cat([maps.mean((2, 3)).view(6, 3, -1) for maps in stages], dim=-1)
    vectors = encoder.frame_vector(per_region.mean(1)).view(2, 3, 512).mean(1)
    torch.testing.assert_close(model.embed(seen, MASK).vector, vectors)
