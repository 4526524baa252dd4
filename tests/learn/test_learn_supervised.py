"""The training epoch against a step worked out with plain torch."""

import itertools
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator
from accelerate.utils import GradientAccumulationPlugin
from refused import refused
from torch import nn
from torch.utils.data import DataLoader

from vidfer.errors import RunError
from vidfer.learn.distil import FeatureLoss
from vidfer.learn.epoch import Epoch, seed_step
from vidfer.learn.mix import mix_clips
from vidfer.learn.supervised import train_epoch
from vidfer.models.ema import Ema
from vidfer.runs.run_folder import RunFolder
from vidfer.runs.settings import RunSettings


class Flat(nn.Module):
    """A linear classifier of crops."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(1 * 3 * 3 * 2 * 2, 3)

    def forward(self, crops, frame_mask):
        return self.linear(crops.flatten(1))


class Doubled(nn.Module):
    """Noise that can be recognised, and only in training."""

    def forward(self, crops):
        return crops.float() / 255 * (2 if self.training else 1)


def batch(clips: int, **more) -> dict:
    crops = torch.randint(0, 256, (clips, 1, 3, 3, 2, 2), dtype=torch.uint8)
    labels = torch.arange(clips) % 3
    return {"crops": crops, "frame_mask": torch.ones(clips, 1, dtype=torch.bool), "label": labels} | more


@pytest.fixture
def run(tmp_path):
    """Trains a :class:`Flat` for an epoch over the given batches."""
    numbers = itertools.count()

    def train(batches, clip_norm=0.0, ema=None, lr=0.5, accumulate=1, kind=Flat, **options):
        torch.manual_seed(0)
        model = kind()
        ema = None if ema is None else Ema(model, ema)
        plugin = GradientAccumulationPlugin(num_steps=accumulate)
        accelerator = Accelerator(cpu=True, gradient_accumulation_plugin=plugin)
        settings = RunSettings(cache=Path("a.h5"), out=tmp_path / str(next(numbers)), tracker="none")
        optimiser = torch.optim.SGD(model.parameters(), lr=lr)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1.0)
        model, optimiser, schedule, loader = accelerator.prepare(
            model, optimiser, schedule, DataLoader(batches, batch_size=None)
        )
        epoch = Epoch(loader, RunFolder(settings, accelerator), 0, {}, ema=ema)
        noise = Doubled().eval()  # the epoch turns it on
        means = train_epoch(model, epoch, optimiser, schedule, noise=noise, clip_norm=clip_norm, **options)
        return model, means, ema

    return train


def by_hand(one: dict, loss_of, kind=Flat) -> tuple[nn.Module, float, list]:
    torch.manual_seed(0)
    model = kind()
    loss = loss_of(model(one["crops"].float() / 255 * 2, None))
    loss.backward()
    return model, loss.item(), [p.grad for p in model.parameters()]


def assert_stepped(model: nn.Module, start: nn.Module, gradients: list, rate: float) -> None:
    for after, before, gradient in zip(model.parameters(), start.parameters(), gradients, strict=True):
        torch.testing.assert_close(after, before - rate * gradient)


def test_a_labelled_step_is_smoothed_cross_entropy_on_noised_crops(run):
    one = batch(4)
    model, means, _ = run([one], label_smoothing=0.1)
    start, loss, gradients = by_hand(
        one, lambda logits: nn.functional.cross_entropy(logits, one["label"], label_smoothing=0.1)
    )
    assert_stepped(model, start, gradients, 0.5)
    assert means["loss"] == pytest.approx(loss, rel=1e-5) and means["pseudo_loss"] == 0
    right = start(one["crops"].float() / 255 * 2, None).argmax(1) == one["label"]
    assert means["train_war"] == right.float().mean()


def test_a_mixed_step_adds_the_two_means(run):
    pseudo = torch.tensor([False, True, True, True])
    targets = torch.tensor([[1.0, 0, 0], [0.2, 0.3, 0.5], [0.6, 0.2, 0.2], [0, 0, 1.0]])
    one = batch(4, target=targets, pseudo=pseudo)
    model, means, _ = run([one], label_smoothing=0.5)  # targets are taken as they are

    def loss_of(logits):
        each = nn.functional.cross_entropy(logits, targets, reduction="none")
        return each[0] + each[1:].mean()

    start, loss, gradients = by_hand(one, loss_of)
    assert_stepped(model, start, gradients, 0.5)
    assert means["loss"] == pytest.approx(loss, rel=1e-5)
    assert means["labelled_loss"] + means["pseudo_loss"] == pytest.approx(means["loss"])


class Guided(Flat):
    """Also gives what it believes two features to be."""

    def forward(self, crops, frame_mask):
        logits = super().forward(crops, frame_mask)
        return logits, logits[:, :2] * 2


def test_a_guided_step_adds_the_loss_of_the_features_of_all_clips(run):
    """The last clip has no label: it counts for the features alone."""
    features = torch.tensor([[0.5, 0.1], [0.0, 0.3], [2.0, 9.0]])
    one = batch(3, guide=features, pseudo=torch.tensor([False, False, True]))
    one["label"][2] = -1
    loss = FeatureLoss(weight=3.0, parts=(1, 1))
    model, means, _ = run([one], kind=Guided, label_smoothing=0.1, feature_loss=loss)

    def loss_of(out):
        logits, found = out
        labelled = nn.functional.cross_entropy(logits[:2], one["label"][:2], label_smoothing=0.1)
        return labelled + 3 * nn.functional.smooth_l1_loss(found, features)

    start, whole, gradients = by_hand(one, loss_of, Guided)
    assert_stepped(model, start, gradients, 0.5)
    assert means["loss"] == pytest.approx(whole, rel=1e-5)
    assert means["pseudo_loss"] == 0
    assert means["labelled_loss"] + means["feature_loss"] == pytest.approx(means["loss"])


def test_features_are_mixed_as_the_clips_are(run):
    features = torch.tensor([[4.0, 0.0], [0.0, 0.0], [0.0, 4.0], [2.0, 2.0]])
    one = batch(4, guide=features, pseudo=torch.zeros(4, dtype=torch.bool))
    loss = FeatureLoss(weight=1.0, parts=(2,))
    _, means, _ = run([one], kind=Guided, feature_loss=loss, mixup=1.0)
    seed_step(0, 0, 0)
    crops, mask, mixture = mix_clips(
        one["crops"].float() / 255 * 2, one["frame_mask"], one["pseudo"], mixup=1.0, cutmix=0.0
    )
    torch.manual_seed(0)
    _, found = Guided()(crops, mask)
    mixed = torch.lerp(features[mixture.partner], features, mixture.share[:, None])
    assert means["feature_loss"] == pytest.approx(loss(found, mixed).item(), rel=1e-5)


def test_class_weights_are_for_labelled_clips_only(run):
    pseudo = torch.tensor([False, False, True])
    one = batch(3, target=torch.eye(3), pseudo=pseudo)
    one["label"][2] = -1
    _, means, _ = run([one], class_weights=torch.tensor([2.0, 0.5, 9.0]))
    _, loss, _ = by_hand(
        one,
        lambda logits: (
            (
                nn.functional.cross_entropy(logits, torch.eye(3), reduction="none")[:2]
                @ torch.tensor([2.0, 0.5])
            )
            / 2
        ),
    )
    assert means["labelled_loss"] == pytest.approx(loss, rel=1e-5)
    _, plain, _ = run([one])
    assert means["pseudo_loss"] == pytest.approx(plain["pseudo_loss"])


def test_two_half_batches_that_are_accumulated_make_the_step_of_the_whole(run):
    whole, last = batch(6), batch(2)
    halves = [{name: value[part] for name, value in whole.items()} for part in (slice(3), slice(3, 6))]
    # The last batch is left over: it makes a step of its own, with its gradient halved as Accelerate does it.
    model, means, ema = run([*halves, last], accumulate=2, ema=0.9)
    start, whole_means, _ = run([whole])
    logits = start(last["crops"].float() / 255 * 2, None)
    gradients = torch.autograd.grad(
        nn.functional.cross_entropy(logits, last["label"]), list(start.parameters())
    )
    assert_stepped(model, start, gradients, 0.25)
    assert ema.steps == 2
    both = (2 * whole_means["loss"] + nn.functional.cross_entropy(logits, last["label"]).item()) / 3
    assert means["loss"] == pytest.approx(both, rel=1e-5)


def test_gradients_are_clipped_to_the_norm(run):
    one = batch(4)
    model, _, _ = run([one], clip_norm=0.01)
    start, _, gradients = by_hand(one, lambda logits: nn.functional.cross_entropy(logits, one["label"]))
    norm = torch.stack([g.norm() for g in gradients]).norm()
    assert norm > 0.01
    assert_stepped(model, start, [g * 0.01 / norm for g in gradients], 0.5)


def test_the_average_follows_every_step(run):
    loader = [batch(4), batch(4)]
    model, _, ema = run(loader, ema=0.9)
    assert ema.steps == 2 and not ema.module.linear.weight.equal(model.linear.weight)


def test_a_loss_that_is_no_number_stops_the_run_with_a_remedy(run):
    with refused(RunError, ".lr"):
        run([batch(4), batch(4)], lr=float("inf"))


def test_gradients_of_one_step_are_gone_in_the_next(run):
    one, other = batch(4), batch(4)
    model, _, _ = run([one, other])
    first, _, _ = run([one])
    logits = first(other["crops"].float() / 255 * 2, None)
    gradients = torch.autograd.grad(
        nn.functional.cross_entropy(logits, other["label"]), list(first.parameters())
    )
    assert_stepped(model, first, gradients, 0.5)


def test_a_step_of_mixed_clips_weighs_both_labels_with_smoothing_and_class_weights(run):
    one, weights = batch(6), torch.tensor([2.0, 0.5, 0.5])
    options = {"label_smoothing": 0.1, "class_weights": weights, "mixup": 1.0}
    model, means, _ = run([one], **options)

    seed_step(0, 0, 0)  # as the epoch does before its first step
    pixels, ones = one["crops"].float() / 255 * 2, one["frame_mask"]
    crops, _, mixture = mix_clips(pixels, ones, torch.zeros(6, dtype=torch.bool), mixup=1.0, cutmix=0.0)
    torch.manual_seed(0)
    start = Flat()
    logits = start(crops, None)

    def each(labels):
        cross_entropy = nn.functional.cross_entropy(logits, labels, label_smoothing=0.1, reduction="none")
        return cross_entropy * weights[labels]

    mine, theirs = each(one["label"]), each(one["label"][mixture.partner])
    loss = (mixture.share * mine + (1 - mixture.share) * theirs).mean()
    loss.backward()
    assert_stepped(model, start, [p.grad for p in start.parameters()], 0.5)
    assert means["loss"] == pytest.approx(loss.item(), rel=1e-5)
    _, plain, _ = run([one], **options | {"mixup": 0.0})
    assert abs(plain["loss"] - loss.item()) > 1e-3


def test_mixing_keeps_labelled_and_pseudo_labelled_clips_apart(run):
    pseudo = torch.tensor([False, True, True, False, True, True])
    targets = torch.where(pseudo[:, None], torch.eye(3)[1], torch.eye(3)[0])
    one = batch(6, target=targets, pseudo=pseudo)
    one["crops"][:] = 200  # mixing changes no pixel
    assert run([one], cutmix=1.0)[1]["loss"] == pytest.approx(run([one])[1]["loss"], rel=1e-5)


class Says(nn.Module):
    """Is sure of the second of two pseudo-labelled clips, and remembers what it was asked."""

    weight = 0.5

    def forward(self, network, crops, frame_mask):
        self.seen = network, crops
        return torch.tensor([[0.0, 0, 0], [0, 0, 1]])


def test_a_consistent_step_adds_the_loss_of_what_the_student_is_sure_of(run):
    pseudo = torch.tensor([False, True, False, True])
    targets = torch.tensor([[1.0, 0, 0], [0.2, 0.3, 0.5], [0, 1, 0], [0.6, 0.2, 0.2]])
    one, says = batch(4, target=targets, pseudo=pseudo), Says()
    model, means, _ = run([one], consistency=says)

    def loss_of(logits):
        each = nn.functional.cross_entropy(logits, targets, reduction="none")
        sure = nn.functional.cross_entropy(logits[3], torch.tensor(2))
        return each[[0, 2]].mean() + each[[1, 3]].mean() + 0.5 * sure / 2

    start, loss, gradients = by_hand(one, loss_of)
    assert_stepped(model, start, gradients, 0.5)
    assert means["loss"] == pytest.approx(loss, rel=1e-5) and means["sure"] == 0.5
    parts = means["labelled_loss"] + means["pseudo_loss"] + 0.5 * means["consistency_loss"]
    assert parts == pytest.approx(loss, rel=1e-5)
    assert says.seen[0] is model and says.seen[1].equal(one["crops"][[1, 3]])
    _, _, ema = run([one, one], consistency=says, ema=0.9)
    assert says.seen[0] is ema.module
