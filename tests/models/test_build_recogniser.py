import pytest
import torch
from networks import network

from vidfer.models.build import build_encoder, build_head, build_recogniser
from vidfer.models.encoders.conv4 import Conv4Encoder
from vidfer.models.encoders.grouped_resnet18 import GroupedResNet18Encoder
from vidfer.models.heads.crn import CRNHead
from vidfer.models.heads.csrn import CSRNHead
from vidfer.models.heads.matching import MatchingHead
from vidfer.models.heads.prototype import PrototypeHead
from vidfer.models.heads.relation import RelationHead

CLASSES = ("angry", "happy", "sad")


def test_settings_reach_the_modules():
    encoder = build_encoder(network(width=8, input_px=112, frame_attention="sigmoid").encoder)
    assert isinstance(encoder, GroupedResNet18Encoder)
    assert (encoder.backbone.width, encoder.input.input_px, encoder.map_stage) == (8, 112, 3)
    assert encoder.frame_attention.kind == "sigmoid"
    assert isinstance(build_encoder(network(encoder="conv4").encoder), Conv4Encoder)
    head = build_head(network(of_head={"pairing": "published", "prototype_weight": 0.5}).head)
    assert isinstance(head, CSRNHead) and (head.pairing, head.prototype_weight) == ("published", 0.5)
    prototype = build_head(network(head="prototype", of_head={"distance": "cosine"}).head)
    assert isinstance(prototype, PrototypeHead) and prototype.distance == "cosine"
    matching = build_head(network(head="matching", of_head={"cosine_scale": 10.0}).head)
    assert isinstance(matching, MatchingHead) and matching.cosine_scale == 10
    relation = build_head(network(head="relation", of_head={"regions": "face"}).head)
    assert isinstance(relation, RelationHead) and relation.compared == slice(0, 1)
    crn = build_head(
        network(head="crn", of_head={"regions": "face", "js_weight": 0.5, "js_form": "channels"}).head
    )
    assert isinstance(crn, CRNHead) and crn.compared == slice(0, 1)
    assert (crn.js_weight, crn.js_form) == (0.5, "channels")
    assert build_head(network(head=None).head) is None


def test_full_size_is_that_of_the_paper():
    with torch.device("meta"):
        recogniser = build_recogniser(network(), [f"class{n}" for n in range(7)])
    sizes = {name: sum(p.numel() for p in part.parameters()) for name, part in recogniser.named_children()}
    assert sizes == {"encoder": 34_629_424, "head": 113_041, "classifier": 7 * 513}


@pytest.mark.parametrize("encoder", ["grouped_resnet18", "conv4", "conv4 of CRN", "face_mesh"])
@pytest.mark.parametrize("head", ["csrn", "prototype", "matching", "relation", "crn", "similarity"])
def test_every_head_works_with_every_encoder(encoder, head):
    name, pools = encoder.split()[0], 4 if encoder.endswith("CRN") else 2
    options = {"pools": pools, "width": 4, "input_px": 32}
    settings = network(name, head, where_known=options)
    recogniser = build_recogniser(settings, CLASSES)
    crops = torch.randint(0, 256, (5, 2, 3, 3, 40, 40), dtype=torch.uint8)
    mask = torch.ones(5, 2, dtype=torch.bool)
    embedding = recogniser.embed(crops, mask)
    scores = recogniser.head(embedding[:3], torch.tensor([0, 1, 0]), embedding[3:])
    assert scores.shape == (2, 2) and scores.isfinite().all()
    assert recogniser(crops, mask).shape == (5, 3)


@pytest.mark.parametrize("encoder", ["grouped_resnet18", "conv4"])
@pytest.mark.parametrize(
    ("kind", "channels"), [("softmax", 512), ("sigmoid", 512), ("relation", 1024), ("mean", 512)]
)
def test_classifier_and_heads_take_vectors_of_any_length(encoder, kind, channels):
    dropout = 0.5 if kind in ("sigmoid", "relation") else 0.0
    options = {"width": 4, "input_px": 32}
    of_frames = {"frame_attention": kind, "attention_dropout": dropout}
    settings = network(encoder, "prototype", where_known=options, **of_frames)
    recogniser = build_recogniser(settings, CLASSES)
    assert recogniser.classifier[1].in_features == recogniser.encoder.vector_channels == channels
    if kind in ("sigmoid", "relation"):
        assert recogniser.encoder.frame_attention.dropout.p == 0.5
    crops = torch.randint(0, 256, (4, 2, 3, 3, 32, 32), dtype=torch.uint8)
    mask = torch.ones(4, 2, dtype=torch.bool)
    embedding = recogniser.embed(crops, mask)
    assert embedding.vector.shape == (4, channels)
    assert recogniser.head(embedding[:2], torch.tensor([0, 1]), embedding[2:]).shape == (2, 2)
    assert recogniser(crops, mask).shape == (4, 3)


def test_supervised_training_reaches_everything_but_the_maps_and_few_shot_training_the_rest():
    torch.manual_seed(0)
    recogniser = build_recogniser(network(width=4, input_px=64), CLASSES)
    torch.nn.init.normal_(recogniser.encoder.frame_attention.score[-1].weight)
    crops = torch.randint(0, 256, (6, 3, 3, 3, 64, 64), dtype=torch.uint8)
    mask = torch.ones(6, 3, dtype=torch.bool)

    def without_gradient():
        names = [n for n, p in recogniser.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
        recogniser.zero_grad()
        return {name.split(".")[0] + "." + name.split(".")[1] for name in names}

    torch.nn.functional.cross_entropy(recogniser(crops, mask), torch.arange(6) % 3).backward()
    assert without_gradient() == {"encoder.map_projection", "head.relation"}
    embedding = recogniser.embed(crops, mask)
    recogniser.head(embedding[:4], torch.tensor([0, 1, 0, 1]), embedding[4:]).square().sum().backward()
    # What makes the vector learns from the maps as well, through the frame weights.
    assert without_gradient() == {"classifier.1"}


def test_dropout_acts_in_training_only():
    recogniser = build_recogniser(network(encoder="conv4", head=None), CLASSES)
    crops = torch.randint(0, 256, (2, 1, 3, 3, 64, 64), dtype=torch.uint8)
    mask = torch.ones(2, 1, dtype=torch.bool)
    recogniser.encoder.eval()
    assert not torch.equal(recogniser(crops, mask), recogniser(crops, mask))
    recogniser.eval()
    assert torch.equal(recogniser(crops, mask), recogniser(crops, mask))


def test_without_classes_there_is_no_classifier():
    recogniser = build_recogniser(network(encoder="conv4"))
    assert recogniser.classifier is None
    with pytest.raises(ValueError, match="built without classes"):
        recogniser(torch.zeros(1, 1, 3, 3, 64, 64), torch.ones(1, 1, dtype=torch.bool))
