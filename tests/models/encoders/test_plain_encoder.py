"""Image networks by name as encoders of clips."""

import sys

import pytest
import torch
from networks import network
from refused import refused
from safetensors.torch import save_file

from vidfer.errors import CheckpointError, MissingPackageError, SettingError
from vidfer.models.build import build_encoder, build_recogniser
from vidfer.models.checkpoint import load_checkpoint, save_checkpoint
from vidfer.models.encoders.torchvision import TorchvisionBackbone, torchvision_model
from vidfer.models.pretrained.load_weights import load_weights

CLASSES = ("angry", "happy")
MOBILENET = "torchvision mobilenet_v3_small"
ENCODERS = [("resnet18", 64), (MOBILENET, 576), ("timm resnet10t", 512)]
MASK = torch.ones(2, 3, dtype=torch.bool)


def crops():
    return torch.randint(0, 256, (2, 3, 3, 3, 64, 64), dtype=torch.uint8)


def built(encoder, **settings):
    if encoder.startswith("timm "):
        pytest.importorskip("timm")
    return build_recogniser(
        network(encoder=encoder, where_known={"width": 8}, input_px=64, **settings), CLASSES
    )


@pytest.mark.parametrize(("encoder", "channels"), ENCODERS)
@pytest.mark.parametrize("head", ["csrn", "prototype", "relation"])
def test_every_head_takes_its_embedding(encoder, channels, head):
    model = built(encoder, head=head, frame_attention="relation")
    embedding = model.embed(crops(), MASK)
    assert embedding.vector.shape == (2, 2 * channels) and embedding.maps.shape == (2, 1, 64, 14, 14)
    assert model.head(embedding, torch.tensor([0, 1]), embedding).shape == (2, 2)
    assert model(crops(), MASK).shape == (2, 2)


@pytest.mark.parametrize(("encoder", "channels"), ENCODERS)
def test_only_the_chosen_regions_and_the_frames_with_a_face_count(encoder, channels):
    for regions, places in ((("face",), [0]), (("eyes", "mouth"), [1, 2])):
        model = built(encoder, regions=regions).eval()
        mask = torch.tensor([[True, False, True], [False] * 3])
        seen = crops()
        other = 255 - seen
        other[0, ::2, places] = seen[0, ::2, places]
        one, two = model.embed(seen, mask), model.embed(other, mask)
        assert torch.equal(one.vector, two.vector) and torch.equal(one.maps, two.maps)
        assert not one.vector[1].any() and one.maps.shape[1] == one.attention["regions"].shape[2] == len(
            places
        )
        changed = seen.clone()
        changed[0, 0, places[0]] = 255 - changed[0, 0, places[0]]
        assert not torch.equal(one.vector[0], model.embed(changed, mask).vector[0])


@pytest.mark.parametrize(("encoder", "channels"), ENCODERS)
def test_gradients_reach_every_parameter(encoder, channels):
    model = built(encoder, regions=("face", "mouth"))
    for name, parameter in model.encoder.named_parameters():
        if "attention" in name:
            torch.nn.init.normal_(parameter, std=0.5)
    embedding = model.embed(crops(), MASK)
    (embedding.vector.square().sum() + embedding.maps.square().sum()).backward()
    # Of timm some are zero at the start: its residual branches begin switched off.
    assert not [name for name, p in model.encoder.named_parameters() if p.grad is None]


@pytest.mark.parametrize(("encoder", "channels"), ENCODERS)
def test_a_checkpoint_comes_back(encoder, channels, tmp_path):
    model = built(encoder, frame_attention="relation").eval()
    save_checkpoint(tmp_path, model, {})
    loaded, _ = load_checkpoint(tmp_path)
    seen = crops()
    with torch.no_grad():
        assert torch.equal(loaded(seen, MASK), model(seen, MASK))


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "shufflenet_v2_x0_5", "densenet121"])
def test_a_frame_is_what_torchvisions_classifier_sees(name, tmp_path):
    published = torchvision_model(name).eval()
    torch.save(published.state_dict(), tmp_path / "weights.pth")
    save_file(published.state_dict(), tmp_path / "weights.safetensors")
    seen = []
    first = next(m for m in published.modules() if isinstance(m, torch.nn.Linear) and m.in_features > 250)
    first.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    for file in ("weights.pth", "weights.safetensors"):
        encoder = build_encoder(network(encoder="torchvision", network=name, input_px=64).encoder).eval()
        load_weights(encoder, tmp_path / file)
        images = crops()[:, :1]
        with torch.no_grad():
            vector = encoder(images, MASK[:, :1]).vector
            published(encoder.input(images[:, 0]))
        torch.testing.assert_close(vector, seen[-1], atol=1e-5, rtol=1e-4)


def test_resnet18_is_torchvisions(tmp_path):
    published = torchvision_model("resnet18").eval()
    torch.save(published.state_dict(), tmp_path / "weights.pth")
    encoder = build_encoder(network(encoder="resnet18", input_px=64).encoder).eval()
    load_weights(encoder, tmp_path / "weights.pth")
    published.fc = torch.nn.Identity()
    images = crops()[:, :1]
    with torch.no_grad():
        expected = published(encoder.input(images[:, 0]))
        torch.testing.assert_close(encoder(images, MASK[:, :1]).vector, expected, atol=1e-5, rtol=1e-4)
    other = build_encoder(network(encoder=MOBILENET).encoder)
    with refused(CheckpointError, "weights.pth", "mobilenet_v3_small"):
        load_weights(other, tmp_path / "weights.pth")


def test_timm_takes_timms_weights(tmp_path):
    timm = pytest.importorskip("timm")
    for name in ("resnet10t", "mobilenetv3_small_050"):
        published = timm.create_model(name).eval()
        torch.save(published.state_dict(), tmp_path / "weights.pth")
        encoder = build_encoder(network(encoder="timm", network=name, input_px=64).encoder).eval()
        load_weights(encoder, tmp_path / "weights.pth")
        images = encoder.input(crops()[:, 0])
        with torch.no_grad():
            expected = published.forward_intermediates(images, intermediates_only=True)[-1]
            torch.testing.assert_close(encoder.backbone(images)[-1], expected, atol=1e-5, rtol=1e-4)
    torch.save(timm.create_model("resnet14t").state_dict(), tmp_path / "weights.pth")
    with refused(CheckpointError, "weights.pth", "resnet10t"):
        load_weights(
            build_encoder(network(encoder="timm", network="resnet10t").encoder), tmp_path / "weights.pth"
        )


def test_names_that_cannot_be_built(monkeypatch):
    with refused(SettingError, "resnet99", "--encoder.network mobilenet_v3_small"):
        TorchvisionBackbone("resnet99")
    for name in ("vit_b_32", "alexnet", "googlenet"):
        with torch.device("meta"), refused(SettingError, name, "--encoder.network mobilenet_v3_small"):
            TorchvisionBackbone(name)
    monkeypatch.setitem(sys.modules, "timm", None)
    with refused(MissingPackageError, "--encoder timm", "pip install 'vidfer[timm]'"):
        build_encoder(network(encoder="timm", network="resnet18").encoder)
