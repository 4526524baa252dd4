"""EGS-Net: losses by hand, who learns, and a guide that is frozen."""

import copy
from dataclasses import replace

import pytest
import torch
from networks import network
from refused import refused
from torch.nn import functional as F

from vidfer.errors import SettingError
from vidfer.learn.egs import EgsNet
from vidfer.learn.egs_settings import EgsSettings
from vidfer.models.build import build_recogniser

CLASSES = ("angry", "fear", "happy", "sad")
SETTINGS = EgsSettings(
    joint_epochs=2, turn_epochs=2, similarity_weight=0.5, guide_weight=3.0, temperature=2.0
)
WAYS, SHOTS = 2, 2
LABELS = torch.tensor([3, 3, 1, 1, 3, 1])
"""Of an episode of sad and fear, with a query each."""


def net_of(settings: EgsSettings = SETTINGS, dropout: float = 0.0) -> EgsNet:
    torch.manual_seed(0)
    model = network(
        encoder="resnet18", width=4, head="similarity", dropout=dropout, of_head={"cosine_scale": 10}
    )
    return EgsNet(build_recogniser(model, CLASSES), settings)


def episode(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(seed)
    return torch.randint(0, 256, (6, 2, 3, 3, 32, 32), dtype=torch.uint8), torch.ones(6, 2, dtype=torch.bool)


def branches(model, crops, mask):
    """What the two branches say, written out once more."""
    clips = model.embed(crops, mask)
    scores = model.head(clips[:4], torch.tensor([0, 0, 1, 1]), clips[4:])
    return model.classifier(clips.vector), scores


def train_step(net: EgsNet, learner: str, seed: int = 0) -> dict[str, torch.Tensor]:
    optimiser = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], lr=1e-2)
    found = net.train()(*episode(seed), LABELS, WAYS, SHOTS, learner)
    optimiser.zero_grad()
    found["loss"].backward()
    optimiser.step()
    return found


def state_of(module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


def changed(module, before: dict[str, torch.Tensor]) -> set[str]:
    """First part of the names of what is not bit-equal any more."""
    return {
        name.split(".")[0] for name, value in module.state_dict().items() if not value.equal(before[name])
    }


def test_joint_loss_is_the_weighted_sum_of_both_branches():
    net = net_of().eval()
    logits, scores = branches(net.recogniser, *episode())
    emotion, similarity = F.cross_entropy(logits, LABELS), F.cross_entropy(scores, torch.tensor([0, 1]))
    found = net(*episode(), LABELS, WAYS, SHOTS, "both")
    torch.testing.assert_close(found["loss"], emotion + 0.5 * similarity)
    torch.testing.assert_close(found["emotion_loss"], emotion)
    torch.testing.assert_close(found["similarity_loss"], similarity)
    assert found["guide_loss"] == 0
    assert found["emotion_accuracy"] == (logits.argmax(1) == LABELS).float().mean()
    assert found["train_accuracy"] == (scores.argmax(1) == torch.tensor([0, 1])).float().mean()


@pytest.mark.parametrize("learner", ["emotion", "similarity"])
def test_in_turns_the_guide_says_what_the_other_branch_thinks_of_the_queries(learner):
    net = net_of()
    net.start_turn()
    train_step(net, "both")  # so that learner and guide differ
    net.eval()
    logits, scores = branches(net.recogniser, *episode(1))
    guide_logits, guide_scores = branches(net.guide, *episode(1))
    # Posteriors over all classes, cut to sad and fear, the episode's in its order, and made to sum to one.
    posterior, guide_posterior = (
        (cut / cut.sum(1, keepdim=True)).log()
        for cut in ((one / 2.0).softmax(1)[4:][:, [3, 1]] for one in (logits, guide_logits))
    )
    if learner == "emotion":
        own = F.cross_entropy(logits, LABELS)
        guided = 4 * F.kl_div(
            posterior, (guide_scores / 2).log_softmax(1), reduction="batchmean", log_target=True
        )
    else:
        own = F.cross_entropy(scores, torch.tensor([0, 1]))
        guided = 4 * F.kl_div(
            (scores / 2).log_softmax(1), guide_posterior, reduction="batchmean", log_target=True
        )
    found = net(*episode(1), LABELS, WAYS, SHOTS, learner)
    torch.testing.assert_close(found["guide_loss"], guided)
    torch.testing.assert_close(found["loss"], own + 3.0 * guided)
    assert guided > 1e-4


def test_at_the_start_of_a_turn_the_guide_is_what_was_learned_so_far():
    net = net_of()
    train_step(net, "both")
    assert changed(net.guide, net.recogniser.state_dict()) == {"encoder", "classifier", "head"}
    net.start_turn()
    assert not changed(net.guide, net.recogniser.state_dict())
    # A copy: what is learned from now on is the learner's alone.
    train_step(net, "similarity")
    assert changed(net.guide, net.recogniser.state_dict()) == {"encoder", "head"}


@pytest.mark.parametrize(
    ("learner", "learns"),
    [
        ("both", {"encoder", "classifier", "head"}),
        ("emotion", {"encoder", "classifier"}),
        ("similarity", {"encoder", "head"}),
    ],
)
def test_only_the_learner_changes_and_the_guide_is_frozen_to_the_bit(learner, learns):
    net = net_of(dropout=0.5)
    train_step(net, "both")
    net.start_turn()
    guide, recogniser = state_of(net.guide), state_of(net.recogniser)
    for seed in range(3):
        train_step(net, learner, seed)
    assert changed(net.recogniser, recogniser) == learns
    # Weights, and the running statistics of batch normalisation with their counters.
    assert any("running_mean" in name for name in guide) and not changed(net.guide, guide)
    assert all(p.grad is None and not p.requires_grad for p in net.guide.parameters())
    own = {"emotion": "classifier", "similarity": "head"}
    if learner in own:
        other = getattr(net.recogniser, own["similarity" if learner == "emotion" else "emotion"])
        assert all(p.grad is None for p in other.parameters())


def test_a_guide_has_no_dropout_and_normalises_by_the_episode():
    net = net_of(dropout=0.9).train()
    said = [branches(net.guide, *episode())[0] for _ in range(2)]
    assert said[0].equal(said[1])
    for name, buffer in net.guide.named_buffers():
        if "running" in name:
            buffer += 1
    assert branches(net.guide, *episode())[0].equal(said[0])
    torch.testing.assert_close(branches(net_of().train().recogniser, *episode())[0], said[0])


def test_who_saves_the_net_has_the_guide_too():
    net = net_of()
    net.start_turn()
    train_step(net, "emotion")
    other = net_of()
    other.load_state_dict(copy.deepcopy(net.state_dict()))
    one = net.train()(*episode(2), LABELS, WAYS, SHOTS, "emotion")
    same = other.train()(*episode(2), LABELS, WAYS, SHOTS, "emotion")
    assert all(one[name].equal(same[name]) for name in one) and one["guide_loss"] > 0


def test_only_the_loss_has_a_gradient_so_that_processes_do_not_wait_for_others():
    found = net_of().train()(*episode(), LABELS, WAYS, SHOTS, "emotion")
    assert [name for name, value in found.items() if value.requires_grad] == ["loss"]


def test_stages_and_turns():
    learners = [SETTINGS.learner(epoch) for epoch in range(10)]
    assert learners == ["both"] * 2 + (["emotion"] * 2 + ["similarity"] * 2) * 2
    assert [epoch for epoch in range(10) if SETTINGS.starts_turn(epoch)] == [2, 4, 6, 8]
    SETTINGS.check_epochs(2), SETTINGS.check_epochs(10)
    only_turns = replace(SETTINGS, joint_epochs=0)
    assert only_turns.learner(0) == "emotion" and only_turns.starts_turn(0)


@pytest.mark.parametrize(
    ("epochs", "remedy"),
    [(9, "6 or 10 epochs"), (1, "6 epochs"), (4, "2 or 6 epochs")],
)
def test_the_similarity_branch_learns_last(epochs, remedy):
    with refused(SettingError, f"--episodes.epochs {epochs}", remedy):
        SETTINGS.check_epochs(epochs)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("joint_epochs", -1),
        ("turn_epochs", 0),
        ("similarity_weight", -1.0),
        ("guide_weight", -0.1),
        ("temperature", 0.0),
    ],
)
def test_settings_out_of_range(name, value):
    with refused(SettingError, f"--egs.{name.replace('_', '-')} {value}"):
        replace(SETTINGS, **{name: value})
