"""For every setting of every recipe: another value that must change the run, or why it does not.

Settings have the names of the command line, such as ``optim.lr``. A new setting needs a line here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from networks import network
from setting_files import LARGER_NETWORK, SMALL_NETWORK

from vidfer.data.settings import NoiseSettings


@dataclass(frozen=True)
class FileOf:
    """Stands for a file of :class:`setting_files.SettingFiles`."""

    name: str


@dataclass(frozen=True)
class Change:
    """Another value of a setting; ``given`` are settings that both runs have, because it needs them."""

    value: Any
    given: dict[str, Any] = field(default_factory=dict)


def encoder(name: str, **options: Any) -> Any:
    return network(name, None, **options).encoder


def head(name: str, **options: Any) -> Any:
    return network(head=name, of_head=options).head


RESNET = encoder("resnet18", width=2)
OF_TORCHVISION = encoder(f"torchvision {SMALL_NETWORK}")

COMMON_START = {
    "cache": FileOf("crops"),
    "tracker": "none",
    "data.frames": 2,
    "noise": NoiseSettings(),
}
MODEL_START = {"encoder": RESNET, "dropout": 0.0}
TRAIN_START = {"train.epochs": 1, "train.batch_size": 5, "optim.lr": 1e-2}
EPISODE_START = {
    "episodes.ways": 3,
    "episodes.shots": 1,
    "episodes.queries": 1,
    "episodes.per_epoch": 2,
    "episodes.val_episodes": 2,
    "episodes.epochs": 1,
}
START = {
    "supervised": COMMON_START | MODEL_START | TRAIN_START,
    "noisy_student": COMMON_START
    | TRAIN_START
    | {"teacher": FileOf("teacher"), "pseudo.threshold": 0.0, "pseudo.min_calibration_clips": 1},
    "fewshot": COMMON_START | MODEL_START | EPISODE_START | {"head": head("similarity")},
    "egs": COMMON_START
    | MODEL_START
    | EPISODE_START
    | {"cache": (FileOf("crops"),), "episodes.epochs": 2, "egs.joint_epochs": 0},
}
"""The unchanged run of each recipe: one or two steps of a tiny network."""

STEPS = {"optim.schedule": "steps"}


def of_all(*, epochs: str, without_splits: Any = FileOf("crops_without_splits")) -> dict[str, Change]:
    """Settings of all recipes. ``epochs``: what says the number of epochs."""
    falls = {**STEPS, epochs: 2, "optim.milestones": (1,)}
    return {
        "seed": Change(1),
        "mixed_precision": Change("bf16"),
        "data.novel": Change(("fear",)),
        "data.frames": Change(1),
        "data.val_fraction": Change(0.4, {"cache": without_splits}),
        "data.split_seed": Change(1, {"cache": without_splits}),
        "data.labels_per_class": Change(3),
        "data.fold": Change("2/2", {"cache": without_splits}),
        "noise.brightness": Change(0.5),
        "noise.contrast": Change(0.6),
        "noise.sharpness": Change(0.1),
        "noise.translation": Change(0.3),
        "noise.rotation": Change(15.0),
        "noise.scale": Change(0.2),
        "noise.erase": Change(1.0),
        "noise.erase_area": Change(0.5, {"noise.erase": 1.0}),
        "noise.grey": Change(1.0),
        "noise.flip": Change(0.0),
        "noise.magnitude": Change(0.5),
        "noise.kinds": Change(1),
        "optim.name": Change("sgd"),
        "optim.nesterov": Change(False, {"optim.name": "sgd"}),
        "optim.lr": Change(3e-3),
        "optim.weight_decay": Change(0.5),
        "optim.decay_all": Change(True, {"optim.weight_decay": 0.5}),
        "optim.warmup": Change(0.7),
        "optim.schedule": Change("steps", {epochs: 2}),
        "optim.milestones": Change((1,), {**STEPS, epochs: 2}),
        "optim.factor": Change(0.5, falls),
        "optim.clip_norm": Change(0.01, {"optim.clip_norm": 1.0}),
        "optim.accumulate": Change(2),
    }


OF_MODEL = {
    "encoder": Change(encoder("grouped_resnet18", width=2)),
    "init": Change(FileOf("checkpoint")),
}
OF_WEIGHTS = {"weights": Change(FileOf("published_weights"), {"encoder": OF_TORCHVISION})}
OF_TRAIN = {
    "train.epochs": Change(2),
    "train.batch_size": Change(4),
    "train.label_smoothing": Change(0.3),
    "train.balanced": Change(True),
    "train.class_weights": Change("balanced"),
    "train.effective_beta": Change(0.5, {"train.class_weights": "effective"}),
    "train.mixup": Change(0.5),
    "train.cutmix": Change(1.0),
    "train.ema_decay": Change(0.9),
}
OF_EPISODES = {
    "episodes.ways": Change(2),
    "episodes.shots": Change(2),
    "episodes.queries": Change(2),
    "episodes.person_disjoint": Change(True),
    "episodes.per_epoch": Change(3),
}
FIXMATCH = {"pseudo.consistency": "fixmatch", "pseudo.consistency_threshold": 0.0}
WITH_INIT = {"init": FileOf("checkpoint"), "freeze_encoder": True}
STANDARDISED = {**WITH_INIT, "head": head("prototype"), "cache": FileOf("many_angry_crops")}

CHANGES: dict[str, dict[str, Change]] = {
    "supervised": of_all(epochs="train.epochs")
    | OF_MODEL
    | OF_WEIGHTS
    | OF_TRAIN
    | {
        "cache": Change(FileOf("other_crops")),
        "data.classes": Change(("angry", "happy")),
        "dropout": Change(0.5),
        "freeze_encoder": Change(True, {"init": FileOf("checkpoint")}),
        "distil.encoder": Change(FileOf("other_teacher"), {"distil.encoder": FileOf("checkpoint")}),
        "distil.weight": Change(3.0, {"distil.encoder": FileOf("checkpoint")}),
    },
    "noisy_student": of_all(epochs="train.epochs")
    | OF_TRAIN
    | {
        "cache": Change(FileOf("other_crops")),
        "teacher": Change(FileOf("other_teacher")),
        "unlabelled": Change(FileOf("other_crops")),
        "rounds": Change(2),
        "corrections": Change((FileOf("corrections"),)),
        "stop_to_correct": Change(True),
        "from_teacher": Change(True),
        "freeze_encoder": Change(True, {"from_teacher": True}),
        "student.encoder": Change("grouped_resnet18"),
        "student.network": Change(LARGER_NETWORK, {"teacher": FileOf("torchvision_teacher")}),
        "student.width": Change(3),
        "student.input_px": Change(48),
        "student.dropout": Change(0.5),
        "student.stochastic_depth": Change(0.3),
        "pseudo.threshold": Change(0.4, {"pseudo.calibrate": False}),
        "pseudo.calibrate": Change(False),
        "pseudo.min_calibration_clips": Change(100),
        "pseudo.soft": Change(False),
        "pseudo.balance": Change(False),
        "pseudo.quota": Change(2),
        "pseudo.ratio": Change(2),
        "pseudo.consistency": Change("freematch"),
        "pseudo.consistency_threshold": Change(0.9, FIXMATCH),
        "pseudo.consistency_momentum": Change(0.0, {"pseudo.consistency": "freematch"}),
        "pseudo.consistency_weight": Change(3.0, FIXMATCH),
        "pseudo.teacher_weight": Change(0.0, FIXMATCH),
    },
    "fewshot": of_all(epochs="episodes.epochs")
    | OF_MODEL
    | OF_WEIGHTS
    | OF_EPISODES
    | {
        "cache": Change(FileOf("other_crops")),
        "data.classes": Change(("angry", "happy"), {"episodes.ways": 2}),
        "episodes.epochs": Change(2),
        "head": Change(head("prototype")),
        "freeze_encoder": Change(True, {"init": FileOf("checkpoint")}),
        "standardise": Change("all", STANDARDISED),
    },
    "egs": of_all(epochs="episodes.epochs", without_splits=(FileOf("crops_without_splits"),))
    | OF_MODEL
    | OF_WEIGHTS
    | OF_EPISODES
    | {
        "cache": Change((FileOf("crops"), FileOf("other_crops"))),
        "data.classes": Change(("angry", "happy"), {"episodes.ways": 2}),
        "episodes.epochs": Change(4),
        "dropout": Change(0.5),
        "head": Change(head("prototype")),
        "egs.joint_epochs": Change(2),
        "egs.turn_epochs": Change(2, {"episodes.epochs": 4}),
        "egs.similarity_weight": Change(3.0, {"egs.joint_epochs": 2}),
        "egs.guide_weight": Change(0.0),
        "egs.temperature": Change(1.0),
    },
}
"""Of each recipe, the settings whose change must change the weights that come out."""

SELDOM = Change(2, {"train.epochs": 2})
VALIDATED: dict[str, dict[str, Change]] = {
    "supervised": {"val_frames": Change(1), "train.validate_every": SELDOM},
    "noisy_student": {"train.validate_every": SELDOM},
    "fewshot": {"episodes.val_episodes": Change(5)},
    "egs": {"episodes.val_episodes": Change(5)},
}
"""Settings that change what is validated, and leave the weights as they are."""

OF_ENCODERS: dict[str, dict[str, Change]] = {
    "grouped_resnet18": {
        "width": Change(3),
        "input_px": Change(48),
        "regions": Change(("face", "eyes")),
        "frame_attention": Change("mean"),
        "attention_dropout": Change(0.5, {"encoder.frame_attention": "sigmoid"}),
        "region_attention": Change("mean"),
        "spatial_attention": Change("mean"),
        "map_stage": Change(4),
        "stochastic_depth": Change(0.3),
    },
    "conv4": {
        "pools": Change(4),
        "regions": Change(("face", "mouth")),
        "frame_attention": Change("mean"),
        "attention_dropout": Change(0.5, {"encoder.frame_attention": "sigmoid"}),
    },
    "face_landmarker": {
        "features": Change("points"),
        "mirror": Change(True),
        "pooling": Change("max"),
        "frame_attention": Change("softmax"),
        "attention_dropout": Change(0.5, {"encoder.frame_attention": "sigmoid"}),
    },
}
OF_ENCODERS["resnet18"] = {
    **{
        name: change
        for name, change in OF_ENCODERS["grouped_resnet18"].items()
        if name != "spatial_attention"
    },
    "region_attention": Change("mean", {"encoder.regions": ("face", "eyes")}),
}
OF_ENCODERS["torchvision"] = {
    **{
        name: change
        for name, change in OF_ENCODERS["resnet18"].items()
        if name not in ("width", "stochastic_depth")
    },
    "network": Change(LARGER_NETWORK),
    "mean": Change((0.5, 0.5, 0.5)),
    "std": Change((0.5, 0.5, 0.5)),
}
OF_ENCODERS["timm"] = OF_ENCODERS["torchvision"] | {
    "network": Change("resnet18"),
    "vector": Change("network", {"encoder.network": "mobilenetv3_small_050"}),
}
OF_ENCODERS["inception_resnet_v1"] = {
    **{name: change for name, change in OF_ENCODERS["torchvision"].items() if name != "network"},
    "input_px": Change(96),
    "mean": Change((0.4, 0.4, 0.4)),
    "std": Change((0.4, 0.4, 0.4)),
}
"""Of each encoder, its options; they are tried with supervised.py."""

SMALL_ENCODERS = {
    "grouped_resnet18": encoder("grouped_resnet18", width=2),
    "conv4": encoder("conv4"),
    "resnet18": RESNET,
    "torchvision": OF_TORCHVISION,
    "timm": encoder("timm resnet10t"),
    "face_landmarker": encoder("face_landmarker"),
    "inception_resnet_v1": encoder("inception_resnet_v1", input_px=80),
}
"""What their options are tried with."""

OF_HEADS: dict[str, dict[str, Change]] = {
    "csrn": {"prototype_weight": Change(0.1)},
    "crn": {"regions": Change("face"), "js_weight": Change(1.0), "js_form": Change("channels")},
    "prototype": {"distance": Change("cosine")},
    "matching": {"cosine_scale": Change(5.0)},
    "relation": {"regions": Change("face")},
    "similarity": {"cosine_scale": Change(5.0)},
}
"""Of each head, the options that change the training; they are tried with fewshot.py."""

OF_SCORES: dict[str, dict[str, Change]] = {"csrn": {"pairing": Change("published")}}
"""Options of heads that change the scores of the finished network, and leave the training as it is."""

SAME_RUN: dict[str, tuple[Change, str]] = {
    "tracker": (Change("tensorboard"), "where curves are shown"),
    "save_every": (Change(1), "how much a killed run does again"),
    "data.decode": (
        Change("device", {"cache": FileOf("jpeg_crops")}),
        "who decodes; on a CPU the same bytes",
    ),
    "protocol": (Change(FileOf("protocol")), "the command line has read it before the recipe starts"),
}
"""Settings of all recipes that say how the work is done: the run stays as it is. With the reason."""

NOT_TRIED: dict[str, str] = {
    "out": "the place of the run folder; each run here has another one",
    "resume": "goes on with a run; tests of each recipe kill runs and compare",
    "data.workers": "starts processes, which is slow; tests/data compares the batches",
    "sync_batch_norm": "is refused on a CPU",
}
"""Settings of all recipes that no run here tries, with the reason."""

NOT_TRIED_IN: dict[str, dict[str, str]] = {
    "supervised": {"head": "is stored and not trained"},
    "noisy_student": {"data.classes": "must be the teacher's"},
    "fewshot": {"dropout": "is stored for a classifier, which episodes do not train"},
    "egs": {},
}
"""Settings of one recipe that change nothing in its training, with the reason."""
