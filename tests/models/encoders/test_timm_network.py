"""Whole networks of timm: transformers, and vectors as the network's own classifier sees them."""

import pytest
import torch
from refused import refused

from vidfer.errors import CheckpointError, SettingError
from vidfer.models.build import build_encoder, build_recogniser
from vidfer.models.checkpoint import load_checkpoint, save_checkpoint
from vidfer.models.encoders.timm import TimmSettings
from vidfer.models.encoders.timm_library import timm_model
from vidfer.models.pretrained.load_weights import load_weights
from vidfer.models.settings import ModelSettings

timm = pytest.importorskip("timm")

MASK = torch.tensor([[True, True], [True, False]])


def crops(px=64):
    return torch.randint(0, 256, (2, 2, 3, 3, px, px), dtype=torch.uint8, generator=torch.manual_seed(3))


def built(network, **options):
    torch.manual_seed(0)
    return build_encoder(TimmSettings(network=network, **options)).eval()


@pytest.mark.parametrize(
    ("network", "options", "channels"),
    [
        ("vit_tiny_patch16_224", {"input_px": 64}, 192),
        ("vit_tiny_patch16_224", {"input_px": 64, "vector": "network"}, 192),
        ("vit_small_patch14_reg4_dinov2", {"input_px": 56, "vector": "network"}, 384),
        ("swin_tiny_patch4_window7_224", {"input_px": 64, "regions": ("face", "eyes")}, 768),
        ("mobilenetv3_small_050", {"input_px": 64, "vector": "network"}, 1024),
    ],
)
def test_it_gives_an_embedding(network, options, channels, tmp_path):
    settings = ModelSettings(encoder=TimmSettings(network=network, **options))
    model = build_recogniser(settings, ["angry", "happy"]).eval()
    with torch.no_grad():
        found = model.embed(crops(), MASK)
    regions = len(options.get("regions", ("face",)))
    assert found.vector.shape == (2, channels) and found.maps.shape == (2, regions, 64, 14, 14)
    changed = crops()
    changed[1, 1] = 0  # a frame without a face
    with torch.no_grad():
        torch.testing.assert_close(model.embed(changed, MASK).vector, found.vector)
    save_checkpoint(tmp_path, model, {})
    with torch.no_grad():
        assert torch.equal(load_checkpoint(tmp_path)[0].embed(crops(), MASK).vector, found.vector)


@pytest.mark.parametrize("network", ["vit_tiny_patch16_224", "mobilenetv3_small_050", "resnet10t"])
def test_a_vector_is_what_the_networks_classifier_sees(network, tmp_path):
    torch.manual_seed(1)
    published = timm.create_model(network).eval()
    torch.save({"state_dict": published.state_dict()}, tmp_path / "weights.pth")
    encoder = built(network, vector="network", input_px=224)
    load_weights(encoder, tmp_path / "weights.pth")
    images = crops(224)[:, :1]
    seen = encoder.input(images[:, 0])
    with torch.no_grad():
        vector = encoder(images, MASK[:, :1]).vector
        expected = published.forward_head(published.forward_features(seen), pre_logits=True)
    torch.testing.assert_close(vector, expected, atol=1e-5, rtol=1e-4)


def test_maps_of_a_transformer_hold_no_class_or_register_token():
    encoder = built("vit_small_patch14_reg4_dinov2", vector="network", input_px=56)
    images = encoder.input(crops()[:, 0])
    with torch.no_grad():
        maps, vectors = encoder.backbone(images)
        tokens = encoder.backbone.network.forward_features(images)
    assert [tuple(m.shape) for m in maps] == [(2, 384, 4, 4)] * 4
    torch.testing.assert_close(vectors, tokens[:, 0])
    assert tokens.shape[1] == 1 + 4 + 16  # class, registers, patches
    last = encoder.backbone.network.norm(maps[-1].flatten(2).transpose(1, 2))
    torch.testing.assert_close(last, tokens[:, 5:], atol=1e-5, rtol=1e-4)


def test_sizes_that_patches_do_not_fit_are_refused():
    encoder = built("vit_tiny_patch16_224")
    with refused(SettingError, "vit_tiny_patch16_224", "40", "--encoder.input-px 48"):
        encoder(crops(40), MASK)
    with refused(SettingError, "maps", "another"):
        built("levit_128")
    with refused(SettingError, "--encoder.std", "0.0"):
        TimmSettings(std=(0.0, 1.0, 1.0))
    with refused(SettingError, "--encoder.vector", "class"):
        TimmSettings(vector="class")


def test_normalisation_is_the_settings():
    encoder = built("resnet10t", mean=(0.5, 0.25, 0.0), std=(0.5, 0.5, 1.0))
    seen = encoder.input(torch.full((1, 3, 3, 64, 64), 255, dtype=torch.uint8))
    torch.testing.assert_close(seen[0, :, 0, 0], torch.tensor([1.0, 1.5, 1.0]))


def vit_of_transformers(state):
    """timm's ViT under the names of Hugging Face's transformers."""
    found = {}
    for name, tensor in state.items():
        if name.startswith("blocks."):
            _, number, rest = name.split(".", 2)
            base = f"vit.encoder.layer.{number}"
            if rest.startswith("attn.qkv."):
                for part, piece in zip(("query", "key", "value"), tensor.chunk(3)):
                    found[f"{base}.attention.attention.{part}.{rest.split('.')[-1]}"] = piece
                continue
            for ours, theirs in (
                ("attn.proj", "attention.output.dense"),
                ("norm1", "layernorm_before"),
                ("norm2", "layernorm_after"),
                ("mlp.fc1", "intermediate.dense"),
                ("mlp.fc2", "output.dense"),
            ):
                if rest.startswith(f"{ours}."):
                    found[f"{base}.{rest.replace(ours, theirs)}"] = tensor
        else:
            name = name.replace("patch_embed.proj", "vit.embeddings.patch_embeddings.projection")
            name = name.replace("cls_token", "vit.embeddings.cls_token")
            name = name.replace("pos_embed", "vit.embeddings.position_embeddings")
            name = name.replace("norm.", "vit.layernorm.").replace("head.", "classifier.")
            found[name] = tensor
    return found


def clip_of_openai(state):
    """timm's CLIP under the names of OpenAI's, with a little of the text half."""
    found = {"logit_scale": torch.ones(()), "token_embedding.weight": torch.ones(3, 2)}
    for name, tensor in state.items():
        if name.startswith("head."):
            if name == "head.weight":
                found["visual.proj"] = tensor.T
            continue
        for ours, theirs in (
            ("patch_embed.proj", "conv1"),
            ("pos_embed", "positional_embedding"),
            ("cls_token", "class_embedding"),
            ("blocks.", "transformer.resblocks."),
            ("norm_pre", "ln_pre"),
            ("attn.qkv.", "attn.in_proj_"),
            ("attn.proj", "attn.out_proj"),
            ("mlp.fc1", "mlp.c_fc"),
            ("mlp.fc2", "mlp.c_proj"),
            (".norm1", ".ln_1"),
            (".norm2", ".ln_2"),
        ):
            name = name.replace(ours, theirs)
        name = "ln_post" + name[4:] if name.startswith("norm.") else name
        shape = {"positional_embedding": tensor.shape[1:], "class_embedding": tensor.shape[2:]}.get(name)
        found[f"visual.{name}"] = tensor.reshape(shape) if shape else tensor
    return found


@pytest.mark.parametrize(
    ("network", "theirs"),
    [("vit_tiny_patch16_224", vit_of_transformers), ("vit_base_patch16_clip_quickgelu_224", clip_of_openai)],
)
def test_names_of_other_libraries_are_read(network, theirs, tmp_path):
    torch.manual_seed(2)
    published = timm_model(network)
    state = published.state_dict()
    torch.save({"epoch": 1, "state_dict": theirs(state)}, tmp_path / "theirs.pth")
    encoder = built(network, vector="network", input_px=224)
    load_weights(encoder, tmp_path / "theirs.pth")
    loaded = encoder.backbone.network.state_dict()
    assert loaded and all(torch.equal(tensor, state[name]) for name, tensor in loaded.items())


def test_weights_of_another_transformer_are_refused(tmp_path):
    torch.save(timm_model("vit_tiny_patch16_224").state_dict(), tmp_path / "tiny.pth")
    encoder = built("deit3_small_patch16_224", vector="network")
    with refused(CheckpointError, tmp_path / "tiny.pth", "deit3_small_patch16_224"):
        load_weights(encoder, tmp_path / "tiny.pth")
