"""The student's network: as large as its teacher's, or larger."""

from dataclasses import replace

import pytest
from networks import network
from refused import refused

from vidfer.errors import SettingError
from vidfer.learn.settings import StudentSettings
from vidfer.learn.student import parameters, student_settings
from vidfer.models.build import build_recogniser
from vidfer.models.settings import ModelSettings

TEACHER = network(width=8, head="prototype", frame_attention="sigmoid")
SMALL = network("torchvision mobilenet_v3_small", "prototype", frame_attention="sigmoid")


def with_encoder(model: ModelSettings, **options) -> ModelSettings:
    return replace(model, encoder=replace(model.encoder, **options))


def test_what_is_not_requested_is_the_teachers():
    assert student_settings(TEACHER, StudentSettings()) == TEACHER
    request = {"width": 16, "input_px": 112, "stochastic_depth": 0.8}
    expected = replace(with_encoder(TEACHER, **request), dropout=0.3)
    assert student_settings(TEACHER, StudentSettings(dropout=0.3, **request)) == expected


def test_a_whitening_belongs_to_the_weights_that_it_was_fitted_to():
    whitened = replace(TEACHER, whitened=True)
    assert student_settings(whitened, StudentSettings()) == TEACHER
    assert student_settings(whitened, StudentSettings(), from_teacher=True) == whitened


def test_weights_of_the_teacher_fit_crops_of_another_size():
    teacher, request = build_recogniser(TEACHER, ("angry", "happy")), StudentSettings(input_px=112)
    student = student_settings(TEACHER, request, from_teacher=True)
    assert student.encoder.input_px == 112
    build_recogniser(student, ("angry", "happy")).load_state_dict(teacher.state_dict())


def test_another_network_may_be_larger():
    larger = with_encoder(SMALL, network="resnet18")
    assert student_settings(SMALL, StudentSettings(network="resnet18")) == larger
    # Another encoder takes what the teacher has changed, and its own defaults for the rest.
    noised = with_encoder(TEACHER, stochastic_depth=0.8)
    request = StudentSettings(encoder="torchvision", network="resnet18")
    assert student_settings(noised, request).encoder == larger.encoder
    as_resnet = student_settings(noised, StudentSettings(encoder="resnet18", width=64)).encoder
    assert as_resnet == network("resnet18", width=64, stochastic_depth=0.8, frame_attention="sigmoid").encoder
    assert parameters(with_encoder(TEACHER, width=64).encoder) == 34_563_632 + 513


def test_noise_does_not_stop_a_student_from_starting_as_its_teacher():
    request = StudentSettings(stochastic_depth=0.8)
    assert student_settings(TEACHER, request, from_teacher=True).encoder.stochastic_depth == 0.8


@pytest.mark.parametrize(
    ("teacher", "student", "facts"),
    [
        (TEACHER, {"width": 4}, ("--student.width 4", "grouped_resnet18", "8")),
        (SMALL, {"width": 128}, ("--student.width 128", "torchvision", "--student.encoder")),
        (TEACHER, {"encoder": "conv4"}, ("--student.encoder conv4", "grouped_resnet18", "113,")),
        (
            TEACHER,
            {"encoder": "torchvision", "network": "resnet1"},
            ("resnet1", "--encoder.network mobilenet_v3_small"),
        ),
        (
            TEACHER,
            {"encoder": "torchvision:resnet50"},
            ("--student.encoder torchvision --student.network resnet50",),
        ),
        (TEACHER, {"encoder": "resnet"}, ("--student.encoder resnet", "grouped_resnet18, conv4, resnet18")),
        (SMALL, {"stochastic_depth": 0.8}, ("--student.stochastic-depth 0.8", "torchvision")),
        (TEACHER, {"network": "resnet18"}, ("--student.network resnet18", "grouped_resnet18")),
    ],
)
def test_students_that_cannot_be(teacher, student, facts):
    with refused(SettingError, *facts):
        student_settings(teacher, StudentSettings(**student))


def test_weights_of_the_teacher_fit_its_own_network_only():
    with refused(SettingError, "--student.width 16", "--from-teacher"):
        student_settings(TEACHER, StudentSettings(width=16), from_teacher=True)
