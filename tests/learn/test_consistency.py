"""FixMatch and FreeMatch: thresholds and targets worked out by hand, and a guide that changes nothing."""

import pytest
import torch
from accelerate import Accelerator
from networks import network
from refused import refused
from torch import nn

from vidfer.data.settings import NoiseSettings
from vidfer.errors import SettingError
from vidfer.learn.consistency import Consistency, as_guide, build_consistency
from vidfer.learn.settings import PseudoLabelSettings
from vidfer.models.build import build_recogniser


def consistency(kind: str, classes: int = 3, **options) -> Consistency:
    settings = PseudoLabelSettings(consistency=kind, **options)
    return Consistency(settings, nn.Identity(), classes, Accelerator(cpu=True))


def test_fixmatch_labels_what_is_above_its_one_threshold():
    probabilities = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.0, 0.3, 0.7], [0.8, 0.1, 0.1]])
    fixed = consistency("fixmatch", consistency_threshold=0.7)
    assert fixed.targets(probabilities).tolist() == [[0, 0, 0], [0, 0, 0], [0, 0, 0], [1, 0, 0]]
    assert fixed.targets(probabilities + 1e-3).tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 1], [1, 0, 0]]
    assert fixed.thresholds().tolist() == pytest.approx([0.7, 0.7, 0.7])


def test_freematch_starts_at_chance_and_follows_confidence_and_frequencies():
    adaptive = consistency("freematch", classes=2, consistency_momentum=0.5)
    assert adaptive.thresholds().tolist() == [0.5, 0.5]
    first = adaptive.targets(torch.tensor([[0.9, 0.1], [0.4, 0.6]]))
    # Global: (0.5 + 0.75) / 2 = 0.625. Classes: (0.5 + 0.65) / 2 = 0.575 and 0.425, the largest becomes 1.
    assert adaptive.thresholds().tolist() == pytest.approx([0.625, 0.625 * 0.425 / 0.575])
    assert first.tolist() == [[1, 0], [0, 1]]  # 0.6 is above 0.462 of the rare class, not above 0.625
    second = adaptive.targets(torch.tensor([[0.7, 0.3], [0.7, 0.3]]))
    # (0.625 + 0.7) / 2 = 0.6625; (0.575 + 0.7) / 2 = 0.6375 and 0.3625
    assert adaptive.thresholds().tolist() == pytest.approx([0.6625, 0.6625 * 0.3625 / 0.6375])
    assert second.tolist() == [[1, 0], [1, 0]]


def test_thresholds_are_loaded_with_the_state():
    one, other = consistency("freematch"), consistency("freematch")
    one.targets(torch.tensor([[0.9, 0.05, 0.05]]))
    other.load_state_dict(one.state_dict())
    assert other.thresholds().equal(one.thresholds()) and one.thresholds().unique().numel() > 1


def student(**options):
    torch.manual_seed(0)
    return build_recogniser(
        network("resnet18", width=2, regions=("face",), **options), ("angry", "happy", "sad")
    ).train()


CROPS = torch.rand(4, 2, 3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
MASK = torch.ones(4, 2, dtype=torch.bool)


def test_a_guide_has_no_dropout_normalises_by_its_clips_and_keeps_its_statistics():
    model = student(dropout=0.5)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with torch.no_grad(), as_guide(model):
        one, other = model(CROPS, MASK), model(CROPS, MASK)
    assert one.equal(other)
    assert all(value.equal(before[name]) for name, value in model.state_dict().items())
    assert all(module.training for module in model.modules())
    # Without dropout a network in training computes the same.
    model.classifier[0].p = 0.0
    torch.testing.assert_close(model(CROPS, MASK), one)
    changed = [name for name, value in model.state_dict().items() if not value.equal(before[name])]
    assert any("running_mean" in name for name in changed)  # which the guide has left alone
    with as_guide(model.eval()):
        torch.testing.assert_close(model(CROPS, MASK), one)
    assert not any(module.training for module in model.modules())


def test_a_frozen_encoder_is_not_normalised_by_the_clips_of_a_guide():
    model = student(dropout=0.0)
    model.freeze_encoder()
    alone = model.eval()(CROPS, MASK)
    with as_guide(model.train()):
        torch.testing.assert_close(model(CROPS, MASK), alone)
    assert not model.encoder.training and model.classifier.training


def test_a_single_frame_is_normalised_by_the_running_statistics():
    model = student(dropout=0.5)
    settings = PseudoLabelSettings(consistency="fixmatch", consistency_threshold=0.0)
    weak = build_consistency(settings, NoiseSettings(flip=0.0, translation=0.0), model, Accelerator(cpu=True))
    crops = (CROPS * 255).to(torch.uint8)[:1, :1]
    found = weak(model, crops, MASK[:1, :1])
    expected = model.eval()(crops.float() / 255, MASK[:1, :1]).argmax(1)
    assert found.argmax(1).equal(expected)


def test_what_the_student_sees_weakly_noised_becomes_its_target():
    model = student(dropout=0.0)
    noise = NoiseSettings(flip=1.0, translation=0.0, rotation=90.0, erase=1.0)
    settings = PseudoLabelSettings(consistency="fixmatch", consistency_threshold=0.0)
    weak = build_consistency(settings, noise, model, Accelerator(cpu=True))
    crops = (CROPS * 255).to(torch.uint8)
    found = weak(model, crops, MASK)
    with torch.no_grad(), as_guide(model):
        expected = model(crops.flip(-1), MASK).argmax(1)  # mirrored, and not turned or erased
    assert found.argmax(1).equal(expected) and (found.sum(1) == 1).all()
    assert not found.requires_grad
    assert build_consistency(PseudoLabelSettings(), noise, model, Accelerator(cpu=True)) is None


def test_weak_noise_is_translation_and_flips_no_stronger_than_by_default():
    strong = NoiseSettings(
        translation=0.1, flip=0.3, rotation=20, scale=0.2, erase=0.5, grey=0.2, kinds=2, magnitude=3
    )
    weak = strong.weak()
    assert (weak.translation, weak.flip, weak.magnitude, weak.kinds) == (0.1, 0.3, 1.0, None)
    off = ("brightness", "contrast", "sharpness", "rotation", "scale", "erase", "grey")
    assert not any(getattr(weak, name) for name in off)
    assert NoiseSettings(magnitude=0.5).weak().magnitude == 0.5


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ({"consistency_threshold": 1.0}, ("--pseudo.consistency-threshold 1.0",)),
        ({"consistency_momentum": -0.1}, ("--pseudo.consistency-momentum -0.1",)),
        ({"consistency_weight": -1.0}, ("--pseudo.consistency-weight -1.0",)),
        ({"teacher_weight": float("inf")}, ("--pseudo.teacher-weight inf",)),
        ({"teacher_weight": 0.0}, ("--pseudo.teacher-weight 0", "--pseudo.consistency")),
    ],
)
def test_wrong_settings(options, facts):
    with refused(SettingError, *facts):
        PseudoLabelSettings(**options)
