"""What a student is made of: its teacher's network, or a larger one."""

from __future__ import annotations

from dataclasses import fields, replace

from vidfer.errors import SettingError
from vidfer.learn.settings import StudentSettings
from vidfer.learn.start import fill_from_published
from vidfer.models.build import build_encoder, build_recogniser
from vidfer.models.encoders import ENCODERS, KNOWN_ENCODERS
from vidfer.models.encoders.side_by_side_settings import names_of_parts, side_by_side
from vidfer.models.pretrained.pretrained_settings import pretrained_settings
from vidfer.models.pretrained.table import PRETRAINED
from vidfer.models.recogniser import Recogniser
from vidfer.models.settings import PLUS, EncoderSettings, ModelSettings
from vidfer.models.without_weights import without_weights

OF_ENCODER = ("width", "network", "input_px", "stochastic_depth")
"""Options of a student that some encoders have and others do not."""


def student_settings(
    teacher: ModelSettings, student: StudentSettings, from_teacher: bool = False
) -> ModelSettings:
    """The student's network, which is as large as its teacher's or larger (Xie et al. 2020, section 2).

    Args:
        teacher: its network; the student's is the same where ``student`` says nothing.
        student: what is to be different.
        from_teacher: the student starts from the teacher's weights, so they must fit.

    Raises:
        SettingError: the student would be smaller, or other where it must be the same; or its encoder does
            not have one of the options.
    """
    encoder = student_encoder(teacher.encoder, student)
    if from_teacher and student.input_px is not None and _has(encoder, "map_stage"):
        # The maps of another stage would not fit the teacher's weights.
        encoder = replace(encoder, map_stage=teacher.encoder.resolved_map_stage())
    chosen = replace(
        teacher,
        encoder=encoder,
        dropout=teacher.dropout if student.dropout is None else student.dropout,
        whitened=teacher.whitened and from_teacher,  # it was fitted to the teacher's vectors
    )
    changed = [name for name in ("title", "network", "width") if _changed(encoder, teacher.encoder, name)]
    if not changed:
        return chosen

    what = f"--student.{changed[0].replace('title', 'encoder')} {getattr(encoder, changed[0])}"
    before, after = parameters(teacher.encoder), parameters(encoder)
    has = f"the teacher's {teacher.encoder.title} has {before:,} parameters, this has {after:,}"
    if changed == ["width"]:
        has = f"the teacher's {teacher.encoder.name} has {teacher.encoder.width}"
    if from_teacher:
        raise SettingError(f"{what}: {has}; with --from-teacher a student is just as large: leave one out")
    if after < before:
        raise SettingError(f"{what}: {has}; a student is as large or larger")
    return chosen


def student_encoder(teacher: EncoderSettings, student: StudentSettings) -> EncoderSettings:
    """The encoder of the student.

    Another encoder than the teacher's has its own defaults, and of the teacher's options those that the
    teacher has changed.

    Raises:
        SettingError: there is no such encoder, or it does not have one of the options.
    """
    name = student.encoder or teacher.title
    if PLUS in name:
        return _several(name, teacher, student)
    if name in PRETRAINED:
        kinds = {name: kind.Settings for name, kind in ENCODERS.items()}
        chosen = pretrained_settings(name, kinds, "--student.encoder")
        name, teacher = chosen.name, replace(chosen, frame_attention=teacher.frame_attention)
    if name not in KNOWN_ENCODERS:
        kind, _, network = name.partition(":")
        if network and kind in ENCODERS:
            new = f"--student.encoder {kind} --student.network {network}"
            raise SettingError(f"--student.encoder {name} is now {new}")
        raise SettingError(f"--student.encoder {name}: choose {', '.join(ENCODERS)}")
    kind = KNOWN_ENCODERS[name].Settings
    usual = None if name == teacher.name else type(teacher)()
    options = {
        field.name: getattr(teacher, field.name)
        for field in fields(kind)
        if field.init
        and _has(teacher, field.name)
        and (usual is None or _changed(teacher, usual, field.name))
    }
    if name != teacher.name:
        options.pop("network", None)  # a network of another library
    for option in OF_ENCODER:
        if (value := getattr(student, option)) is not None:
            if option not in {field.name for field in fields(kind)}:
                raise SettingError(
                    f"--student.{option.replace('_', '-')} {value}: the encoder {name} has no such option; "
                    "leave it out, or name another --student.encoder"
                )
            options[option] = value
    return kind(**options)


def _several(name: str, teacher: EncoderSettings, student: StudentSettings) -> EncoderSettings:
    """The encoders side by side of a student: its teacher's, or others."""
    if given := next((option for option in OF_ENCODER if getattr(student, option) is not None), None):
        raise SettingError(
            f"--student.{given.replace('_', '-')} {getattr(student, given)}: the encoders {name} stand "
            "side by side, and it is not said which is meant; leave it out, or name one --student.encoder"
        )
    if name == teacher.title:
        return teacher
    names = names_of_parts(name, "--student.encoder")
    return side_by_side({one: student_encoder(teacher, replace(student, encoder=one)) for one in names})


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
    student, frozen = build_recogniser(settings, teacher.classes), settings.encoder.frozen
    if from_teacher:
        student.load_state_dict(teacher.state_dict())
    else:
        fill_from_published(student, but=frozen)
        for name in frozen:  # as in its teacher, of which this is a part
            student.encoder.encoders[name].load_state_dict(teacher.encoder.encoders[name].state_dict())
    student.seen = student.seen.joined(teacher.seen)  # its pseudo-labels are what the teacher knows
    if freeze_encoder:
        student.freeze_encoder()
    return student


def parameters(encoder: EncoderSettings) -> int:
    """Number of parameters of an encoder."""
    with without_weights():
        return sum(p.numel() for p in build_encoder(encoder).parameters())


def _has(settings: EncoderSettings, option: str) -> bool:
    return any(field.name == option for field in fields(settings))


def _changed(one: EncoderSettings, other: EncoderSettings, option: str) -> bool:
    return getattr(one, option, None) != getattr(other, option, None)
