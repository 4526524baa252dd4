"""What a student is made of: its teacher's network, or a larger one."""

from __future__ import annotations

from dataclasses import replace

import torch

from vidfer.errors import VidferError
from vidfer.learn.settings import StudentSettings
from vidfer.models.build import build_encoder, build_recogniser
from vidfer.models.recogniser import Recogniser
from vidfer.models.settings import ModelSettings

WITH_WIDTH = ("grouped_resnet18", "resnet18")
"""Encoders that a width makes larger, and that have stochastic depth."""


def student_settings(
    teacher: ModelSettings, student: StudentSettings, *, from_teacher: bool = False
) -> ModelSettings:
    """The student's network, which is as large as its teacher's or larger (Xie et al. 2020, section 2).

    Args:
        teacher: its network; what ``student`` leaves open is like it.
        student: what is asked for.
        from_teacher: the student starts from the teacher's weights, so they must fit.

    Raises:
        VidferError: the student would be smaller, or other where it must be the same; or a width is given for
            an encoder that has none.
    """
    encoder = student.encoder or teacher.encoder
    if student.width is not None and encoder not in WITH_WIDTH:
        raise VidferError(
            f"--student.width {student.width}: {encoder} comes in one width; leave it out, or name a "
            f"larger network with --student.encoder"
        )
    asked = {"encoder": encoder, "width": student.width, "input_px": student.input_px}
    asked |= {"dropout": student.dropout, "stochastic_depth": student.stochastic_depth}
    if encoder not in WITH_WIDTH and student.stochastic_depth is None:
        asked["stochastic_depth"] = 1.0
    if not from_teacher:
        asked["whitened"] = False  # it was fitted to the teacher's vectors
    elif student.input_px is not None:
        asked["map_stage"] = teacher.resolved_map_stage()  # another one's maps would not fit its weights
    chosen = replace(teacher, **{name: value for name, value in asked.items() if value is not None})
    if (chosen.encoder, chosen.width) == (teacher.encoder, teacher.width):
        return chosen

    if chosen.encoder != teacher.encoder:
        what = f"--student.encoder {chosen.encoder}"
        has = f"the teacher's {teacher.encoder} has {parameters(teacher):,} parameters, this has "
        has += f"{parameters(chosen):,}"
    else:
        what, has = f"--student.width {chosen.width}", f"the teacher has {teacher.width}"
    if from_teacher:
        raise VidferError(f"{what}: {has}; with --from-teacher a student is just as large: leave one out")
    if parameters(chosen) < parameters(teacher):
        raise VidferError(f"{what}: {has}; a student is as large or larger")
    return chosen


def build_student(
    settings: ModelSettings, teacher: Recogniser, *, from_teacher: bool, freeze_encoder: bool
) -> Recogniser:
    """Build a student with the classes of its teacher.

    Args:
        settings: of its network, see :func:`student_settings`.
        teacher: gives the classes.
        from_teacher: start from the teacher's weights.
        freeze_encoder: train the classifier only.
    """
    student = build_recogniser(settings, teacher.classes)
    if from_teacher:
        student.load_state_dict(teacher.state_dict())
    if freeze_encoder:
        student.freeze_encoder()
    return student


def parameters(settings: ModelSettings) -> int:
    """Number of parameters of the encoder."""
    with torch.device("meta"):
        return sum(p.numel() for p in build_encoder(settings).parameters())
