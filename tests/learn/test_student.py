"""The student's network: as large as its teacher's, or larger."""

from dataclasses import replace

import pytest

from vidfer.errors import VidferError
from vidfer.learn.settings import StudentSettings
from vidfer.learn.student import parameters, student_settings
from vidfer.models.build import build_recogniser
from vidfer.models.settings import ModelSettings

TEACHER = ModelSettings(width=8, head="prototype", frame_attention="sigmoid")
SMALL = replace(TEACHER, encoder="torchvision:mobilenet_v3_small")


def test_what_is_not_asked_for_is_the_teachers():
    assert student_settings(TEACHER, StudentSettings()) == TEACHER
    asked = {"width": 16, "input_px": 112, "dropout": 0.3, "stochastic_depth": 0.8}
    assert student_settings(TEACHER, StudentSettings(**asked)) == replace(TEACHER, **asked)


def test_a_whitening_belongs_to_the_weights_that_it_was_fitted_to():
    whitened = replace(TEACHER, whitened=True)
    assert student_settings(whitened, StudentSettings()) == TEACHER
    assert student_settings(whitened, StudentSettings(), from_teacher=True) == whitened


def test_weights_of_the_teacher_fit_crops_of_another_size():
    teacher, asked = build_recogniser(TEACHER, ("angry", "happy")), StudentSettings(input_px=112)
    student = student_settings(TEACHER, asked, from_teacher=True)
    assert student.input_px == 112
    build_recogniser(student, ("angry", "happy")).load_state_dict(teacher.state_dict())


def test_another_network_may_be_larger():
    asked = StudentSettings(encoder="torchvision:resnet18")
    assert student_settings(SMALL, asked) == replace(SMALL, encoder="torchvision:resnet18")
    # A network without such blocks does not inherit their noise.
    noised = replace(TEACHER, stochastic_depth=0.8)
    assert student_settings(noised, asked).stochastic_depth == 1.0
    assert parameters(replace(TEACHER, width=64)) == 34_563_632 + 513


def test_noise_does_not_stop_a_student_from_starting_as_its_teacher():
    asked = StudentSettings(stochastic_depth=0.8)
    assert student_settings(TEACHER, asked, from_teacher=True).stochastic_depth == 0.8


@pytest.mark.parametrize(
    ("teacher", "student", "message"),
    [
        (TEACHER, {"width": 4}, "--student.width 4: the teacher has 8; a student is as large or larger"),
        (SMALL, {"width": 128}, "--student.width 128: torchvision:mobilenet_v3_small comes in one width;"),
        (TEACHER, {"encoder": "conv4"}, r"the teacher's grouped_resnet18 has [\d,]+ parameters, this has"),
        (TEACHER, {"encoder": "torchvision:resnet1"}, "choose one such as torchvision:mobilenet_v3_small"),
        (TEACHER, {"encoder": "resnet"}, "choose grouped_resnet18, conv4, resnet18"),
        (SMALL, {"stochastic_depth": 0.8}, "leave it out with torchvision:mobilenet_v3_small"),
    ],
)
def test_students_that_cannot_be(teacher, student, message):
    with pytest.raises(VidferError, match=message):
        student_settings(teacher, StudentSettings(**student))


def test_weights_of_the_teacher_fit_its_own_network_only():
    with pytest.raises(VidferError, match="with --from-teacher a student is just as large: leave one out"):
        student_settings(TEACHER, StudentSettings(width=16), from_teacher=True)
