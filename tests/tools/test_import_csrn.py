"""The importer of released CSRN checkpoints, and the network against what the published one computes."""

import re
import subprocess
import sys
from pathlib import Path

import import_csrn
import numpy as np
import pytest
import torch
from refused import refused

from vidfer.errors import CheckpointError
from vidfer.models.checkpoint import load_checkpoint
from vidfer.models.encoders.conv4 import Conv4Encoder
from vidfer.models.heads.csrn import CSRNHead
from vidfer.models.heads.relation_module import RelationModule
from vidfer.models.heads.shots import class_means

SCRIPT = Path(import_csrn.__file__)
SUPPORT_LABELS = torch.arange(3).repeat_interleave(3)  # three ways, three shots, ordered by class


def released_file(path: Path) -> tuple[Path, Conv4Encoder, RelationModule]:
    """A file of the released form with random weights, and the modules they were taken from."""
    encoder, relation = Conv4Encoder(), RelationModule()
    blocks = {f"layer{int(n[0]) + 1}{n[1:]}": t for n, t in encoder.blocks.state_dict().items()}
    names = {"conv1": "layer1.0", "bn1": "layer1.1", "conv2": "layer2.0", "bn2": "layer2.1"}
    relations = {}
    for name, tensor in relation.state_dict().items():
        module, parameter = name.split(".")
        relations[f"{names.get(module, module)}.{parameter}"] = tensor
    torch.save(
        {
            "epoch": 7,
            "best_acc": torch.tensor(0.5),
            "feature_embed_state_dict": blocks,
            "Relation_score_state_dict": relations,
        },
        path,
    )
    return path, encoder, relation


def test_makes_a_checkpoint_that_loads(tmp_path):
    weights, encoder, relation = released_file(tmp_path / "csrn.pth")
    import_csrn.main(import_csrn.Settings(weights=weights, out=tmp_path / "out"))
    recogniser, info = load_checkpoint(tmp_path / "out")
    base = ["happy", "neutral", "sad", "surprise"]
    assert info == {"made_from": "csrn.pth", "base_classes": base, "epoch": 7, "best_acc": 0.5}
    assert recogniser.classes == () and recogniser.settings.encoder.name == "conv4"
    for made, original in ((recogniser.encoder.blocks, encoder.blocks), (recogniser.head.relation, relation)):
        assert made.state_dict().keys() == original.state_dict().keys()
        for name, tensor in original.state_dict().items():
            assert torch.equal(made.state_dict()[name], tensor)


def test_says_what_is_wrong(tmp_path):
    with refused(CheckpointError, tmp_path / "none.pth", import_csrn.REMEDY):
        import_csrn.import_csrn(tmp_path / "none.pth")
    (tmp_path / "text.pth").write_text("not weights")
    with refused(CheckpointError, tmp_path / "text.pth", import_csrn.REMEDY):
        import_csrn.import_csrn(tmp_path / "text.pth")
    torch.save({"state_dict": {}}, tmp_path / "other.pth")
    with refused(CheckpointError, tmp_path / "other.pth", import_csrn.REMEDY):
        import_csrn.import_csrn(tmp_path / "other.pth")
    tensors = {"layer1.0.weight": torch.zeros(3)}
    torch.save(
        {"feature_embed_state_dict": tensors, "Relation_score_state_dict": tensors}, tmp_path / "small.pth"
    )
    with refused(CheckpointError, tmp_path / "small.pth", import_csrn.REMEDY):
        import_csrn.import_csrn(tmp_path / "small.pth")


def test_command_ends_with_status_2_and_one_message(tmp_path):
    command = [sys.executable, str(SCRIPT), "--weights", "none.pth", "--out", "out"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert re.fullmatch(r"import_csrn\.py: .*none\.pth.*\n", done.stderr)


@pytest.mark.parametrize("name", ["rafdb", "fer2013"])
def test_equals_the_published_network(shared, name):
    recogniser, _ = import_csrn.import_csrn(shared / "weights" / "csrn" / f"csrn_{name}.pth")
    golden = {k: torch.from_numpy(v) for k, v in np.load(shared / "golden" / f"csrn_{name}.npz").items()}
    mask = torch.ones(9, 1, dtype=torch.bool)
    with torch.no_grad():
        support = recogniser.embed(golden["support"][:, None], mask)
        query = recogniser.embed(golden["query"][:, None], mask[:6])
        relations = recogniser.head.relations(support, SUPPORT_LABELS, query)

    def largest_difference(ours, published):
        assert ours.shape == published.shape
        return (ours - published).abs().max().item()

    assert largest_difference(support.maps[:, :, :4], golden["support_maps_sample"]) <= 1e-5
    assert largest_difference(relations.pair_scores, golden["pair_scores"]) <= 1e-5
    assert largest_difference(relations.prototypes, golden["selected_face"]) <= 1e-5
    assert largest_difference(relations.prototype_scores, golden["prototype_scores"]) <= 1e-5

    def shots_that_equal(selected):  # (class, shot, channel)
        difference = selected[:, None] - support.maps[:, 0].unflatten(0, (3, 3))
        return difference.abs().amax((-2, -1)) <= 1e-5

    assert torch.equal(shots_that_equal(relations.prototypes), shots_that_equal(golden["selected_face"]))

    head = CSRNHead(pairing="published")
    head.relation = recogniser.head.relation
    with torch.no_grad():
        scores = head.eval()(support, SUPPORT_LABELS, query)
        assert largest_difference(scores, golden["class_scores_published"]) <= 1e-5
        # The paper's pairing adds 0.7 x the prototype's score once per shot.
        scores = recogniser.head(support, SUPPORT_LABELS, query)
    expected = golden["class_scores_published"] + 3 * 0.7 * golden["prototype_scores"]
    assert largest_difference(scores, expected) <= 1e-5


def test_order_of_support_does_not_matter(shared):
    recogniser, _ = import_csrn.import_csrn(shared / "weights" / "csrn" / "csrn_fer2013.pth")
    golden = {k: torch.from_numpy(v) for k, v in np.load(shared / "golden" / "csrn_fer2013.npz").items()}
    order = torch.tensor([4, 8, 0, 3, 7, 1, 2, 5, 6])
    mask = torch.ones(9, 1, dtype=torch.bool)
    with torch.no_grad():
        support = recogniser.embed(golden["support"][:, None], mask)
        query = recogniser.embed(golden["query"][:, None], mask[:6])
        scores = recogniser.head(support, SUPPORT_LABELS, query)
        shuffled = recogniser.head(support[order], SUPPORT_LABELS[order], query)
        means = class_means(support.maps[order], SUPPORT_LABELS[order])
    torch.testing.assert_close(shuffled, scores, atol=1e-5, rtol=0)
    torch.testing.assert_close(means, support.maps.unflatten(0, (3, 3)).mean(1), atol=1e-5, rtol=0)
