import pytest
import torch
from networks import network

from vidfer.models.build import build_encoder, build_recogniser
from vidfer.models.encoders.conv4 import Conv4Encoder
from vidfer.models.encoders.grouped_resnet18 import GroupedResNet18Encoder

ENCODERS = {
    "grouped_softmax": network(width=4, input_px=64),
    "grouped_relation": network(width=4, input_px=64, frame_attention="relation"),
    "conv4": network(encoder="conv4"),
    "resnet18": network(encoder="resnet18", width=8, input_px=64, regions=("face", "mouth")),
    "face_mesh": network(encoder="face_mesh"),
    "face_landmarker": network(encoder="face_landmarker", features="both", frame_attention="softmax"),
}


@pytest.fixture(params=ENCODERS)
def encoder(request):
    """A small encoder whose frame attention is not uniform."""
    torch.manual_seed(0)
    encoder = build_encoder(ENCODERS[request.param].encoder)
    for parameter in encoder.frame_attention.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return encoder


def some_clips(n_clips=3, n_frames=4, size_px=64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    crops = torch.randint(
        0, 256, (n_clips, n_frames, 3, 3, size_px, size_px), dtype=torch.uint8, generator=generator
    )
    mask = torch.ones(n_clips, n_frames, dtype=torch.bool)
    return crops, mask


def test_gives_an_embedding_with_attention_that_sums_to_one(encoder):
    crops, mask = some_clips()
    mask[0, 1] = mask[2] = False
    embedding = encoder(crops, mask)
    assert embedding.vector.shape == (3, encoder.vector_channels)
    assert embedding.maps.shape == (3, len(encoder.regions), 64, 14, 14)
    assert embedding.attention["frames"].shape == (3, 4)
    if isinstance(encoder, GroupedResNet18Encoder):
        assert embedding.attention["regions"].shape == (3, 4, 3)
        assert [embedding.attention[f"spatial{s}"].shape for s in (1, 2, 3, 4)] == [
            (3, 4, 3, n) for n in (256, 64, 16, 4)
        ]
    for name, weights in embedding.attention.items():
        assert not weights.requires_grad
        if name in ("alpha", "beta"):  # FAN's, each for itself
            continue
        torch.testing.assert_close(weights.sum(-1), torch.ones(weights.shape[:-1]))


def test_masked_frames_influence_nothing_even_in_training(encoder):
    crops, mask = some_clips()
    mask[0, 1] = mask[1, 3] = mask[2] = False
    other = crops.clone()
    other[~mask] = 255 - other[~mask]
    for mode in (True, False):
        state = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
        one = encoder.train(mode)(crops, mask)
        encoder.load_state_dict(state)
        two = encoder(other, mask)
        assert torch.equal(one.vector, two.vector) and torch.equal(one.maps, two.maps)
        assert all(torch.equal(weights, two.attention[name]) for name, weights in one.attention.items())


def test_a_frame_that_counts_does_influence(encoder):
    crops, mask = some_clips(1)
    other = crops.clone()
    other[0, 2] = 255 - other[0, 2]
    encoder.eval()
    assert (encoder(crops, mask).vector - encoder(other, mask).vector).abs().max() > 1e-4


def test_a_clips_maps_are_its_frames_maps_in_the_weights_of_frame_attention(encoder):
    crops, mask = some_clips(1)
    encoder.eval()
    with torch.no_grad():
        clip = encoder(crops, mask)
        frames = encoder(crops[0, :, None], mask[0, :, None])
    weights = clip.attention["frames"][0]
    assert weights.std() > 1e-4
    torch.testing.assert_close(
        clip.maps[0], torch.einsum("t,t...->...", weights, frames.maps), atol=1e-5, rtol=1e-4
    )


@pytest.mark.parametrize("mode", [True, False])
def test_a_batch_without_any_face_is_finite_and_can_be_trained_on(encoder, mode):
    crops, mask = some_clips(2)
    mask[:] = False
    embedding = encoder.train(mode)(crops, mask)
    assert (
        torch.equal(embedding.vector, torch.zeros(2, encoder.vector_channels))
        and embedding.maps.isfinite().all()
    )
    torch.testing.assert_close(embedding.attention["frames"], torch.full((2, 4), 0.25))
    (embedding.vector.sum() + embedding.maps.sum()).backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in encoder.parameters())


def test_evaluation_does_not_depend_on_the_rest_of_the_batch(encoder):
    crops, mask = some_clips()
    mask[1, 0] = False
    encoder.eval()
    with torch.no_grad():
        together = encoder(crops, mask)
        for clip in range(3):
            alone = encoder(crops[clip : clip + 1], mask[clip : clip + 1])
            torch.testing.assert_close(alone.vector[0], together.vector[clip], atol=1e-5, rtol=1e-4)
            torch.testing.assert_close(alone.maps[0], together.maps[clip], atol=1e-5, rtol=1e-4)


def test_same_seed_same_bits(encoder):
    crops, mask = some_clips()
    state = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    runs = []
    for _ in range(2):
        encoder.load_state_dict(state)
        encoder.zero_grad()
        embedding = encoder.train()(crops, mask)
        (embedding.vector.square().sum() + embedding.maps.square().sum()).backward()
        runs.append([embedding.vector, embedding.maps, *(p.grad for p in encoder.parameters())])
    assert all(torch.equal(one, two) for one, two in zip(*runs))


def test_gradients_reach_every_parameter(encoder):
    crops, mask = some_clips()
    embedding = encoder(crops, mask)
    (embedding.vector.square().sum() + embedding.maps.square().sum()).backward()
    without = [name for name, p in encoder.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert without == []


def test_uint8_and_float_in_0_1_are_the_same(encoder):
    crops, mask = some_clips()
    encoder.eval()
    with torch.no_grad():
        one, two = encoder(crops, mask), encoder(crops.float() / 255, mask)
    assert torch.equal(one.vector, two.vector)


def test_bfloat16_autocast_stays_close_and_gives_float32(encoder):
    crops, mask = some_clips()
    encoder.eval()
    with torch.no_grad():
        full = encoder(crops, mask)
        with torch.autocast("cpu", torch.bfloat16):
            half = encoder(crops, mask)
    assert half.vector.dtype == half.maps.dtype == half.attention["frames"].dtype == torch.float32
    assert torch.cosine_similarity(full.vector, half.vector).min() > 0.99
    assert not torch.equal(full.vector, half.vector)


@pytest.mark.parametrize("input_px", [32, 50, 64, 112])
def test_maps_are_14x14_for_any_input(input_px):
    settings = network(width=4, input_px=input_px)
    embedding = build_encoder(settings.encoder)(*some_clips(1, 2, size_px=80))
    assert embedding.maps.shape == (1, 3, 64, 14, 14) and embedding.vector.shape == (1, 512)


def test_regions_keep_apart_in_the_maps():
    """Changing the mouth changes the mouth's map alone (frame weights are uniform: one frame)."""
    torch.manual_seed(0)
    crops, mask = some_clips(1, 1)
    other = crops.clone()
    other[:, :, 2] = 255 - other[:, :, 2]
    for encoder in (GroupedResNet18Encoder(width=8, map_stage=2).eval(), Conv4Encoder().eval()):
        difference = (encoder(crops, mask).maps - encoder(other, mask).maps).abs().amax((0, 2, 3, 4))
        assert difference[0] == difference[1] == 0 and difference[2] > 1e-4


def test_images_are_normalised_as_imagenet():
    encoder = GroupedResNet18Encoder(width=4).eval()
    seen = []
    encoder.backbone.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    crops = torch.zeros(1, 1, 3, 3, 32, 32, dtype=torch.uint8)
    crops[0, 0, 1, 0] = 255  # the red channel of the eyes is channel 3 of 9
    encoder(crops, torch.ones(1, 1, dtype=torch.bool))
    expected = [-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225] * 3
    expected[3] = (1 - 0.485) / 0.229
    torch.testing.assert_close(seen[0][0, :, 0, 0], torch.tensor(expected))


def test_conv4_is_the_published_size_and_starts_as_the_mean_over_frames():
    torch.manual_seed(0)
    encoder = Conv4Encoder().eval()
    assert sum(p.numel() for p in encoder.blocks.parameters()) == 113_088
    crops, mask = some_clips(1, 3)
    with torch.no_grad():
        clip = encoder(crops, mask)
        frames = encoder(crops[0, :, None], mask[0, :, None])
    torch.testing.assert_close(clip.vector[0], frames.vector.mean(0))
    torch.testing.assert_close(clip.maps[0], frames.maps.mean(0))
    face = clip.maps[0, 0].view(64, 2, 7, 2, 7).mean((2, 4))
    eyes, mouth = (clip.maps[0, r].view(64, 14, 2, 7).mean((1, 3)) for r in (1, 2))
    torch.testing.assert_close(clip.vector[0], torch.cat([face.flatten(), eyes.flatten(), mouth.flatten()]))


def test_the_vectors_alone_are_those_of_the_embedding(encoder):
    crops, mask = some_clips(2, 3)
    encoder.eval()
    with torch.no_grad():
        assert torch.equal(encoder.vectors(crops, mask), encoder(crops, mask).vector)


@pytest.mark.parametrize("name", ["grouped_resnet18", "resnet18"])
def test_a_classifier_makes_no_maps(name):
    model = build_recogniser(network(name, head=None, width=4), ["angry", "happy"]).eval()
    calls = []
    model.encoder.map_projection.register_forward_hook(lambda *_: calls.append(1))
    clips = some_clips(2, 1)
    logits = model(*clips)
    assert not calls
    torch.testing.assert_close(logits, model.classifier(model.embed(*clips).vector))
    assert calls
