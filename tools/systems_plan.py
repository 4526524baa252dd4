"""What systems.py runs: the tasks, how each system is trained, and how much of everything."""

from __future__ import annotations

from dataclasses import dataclass

FEWSHOT = "python recipes/fewshot.py --model.encoder conv4"


@dataclass(frozen=True)
class Protocol:
    """What is asked in an episode."""

    ways: int
    shots: int
    other_people: bool = False
    """No query is of a person who is among the examples."""

    @property
    def title(self) -> str:
        return f"{self.ways}-way {self.shots}-shot" + (", of other people" if self.other_people else "")

    @property
    def folder(self) -> str:
        return f"{self.ways}way_{self.shots}shot" + ("_others" if self.other_people else "")


@dataclass(frozen=True, kw_only=True)
class Task:
    """Which classes are novel, and how they are asked for."""

    title: str
    base: str
    novel: str
    protocols: tuple[Protocol, ...]


BASIC = "neutral happy surprise sad"
TASKS = {
    "basic": Task(
        title="actors, base basic to novel basic expressions",
        base=BASIC,
        novel="angry disgust fear",
        protocols=(Protocol(3, 3),),
    ),
    "compound": Task(
        title="actors, basic to compound expressions",
        base=f"{BASIC} angry disgust fear",
        novel="happily_surprised happily_disgusted sadly_fearful angrily_disgusted fearfully_surprised",
        protocols=(Protocol(5, 1), Protocol(5, 5), Protocol(3, 3)),
    ),
    "images": Task(
        title="images of people, base basic to novel basic expressions",
        base=BASIC,
        novel="angry disgust fear",
        # Some people show the same expression in many pictures.
        protocols=(Protocol(3, 3), Protocol(3, 3, other_people=True)),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Run:
    """One training of a system."""

    recipe: str
    plan: str
    """Field of :class:`Plan` with more options."""
    options: str = ""
    init: str = ""
    """Run that it starts from, and by which option."""
    points: bool = False
    """It starts from the checkpoint of face points that the user names."""


POINTS = "--freeze-encoder --model.head prototype --model.distance cosine"
SUPERVISED, EPISODES = "python recipes/supervised.py", "python recipes/fewshot.py"
RUNS = {
    "prototypical": Run(recipe=FEWSHOT, plan="conv4", options="--model.head prototype"),
    "matching": Run(recipe=FEWSHOT, plan="conv4", options="--model.head matching --model.cosine-scale 10"),
    "relation": Run(recipe=FEWSHOT, plan="relation", options="--model.head relation --model.regions face"),
    "fan": Run(
        recipe=SUPERVISED,
        plan="fan",
        options="--model.encoder resnet18 --model.frame-attention relation --model.attention-dropout 0.5 "
        "--model.distance cosine",
    ),
    "crn": Run(
        recipe=FEWSHOT,
        plan="relation",
        options="--model.head crn --model.js-weight 0.1 --model.conv4-pools 4 --model.regions face",
    ),
    "egs": Run(recipe="python recipes/egs.py", plan="egs", options="--model.encoder resnet18"),
    "csrn": Run(recipe=FEWSHOT, plan="csrn", options="--model.head csrn"),
    "csrn_published": Run(recipe=FEWSHOT, plan="csrn", options="--model.head csrn --model.pairing published"),
    "teacher": Run(recipe=SUPERVISED, plan="teacher", options="--model.distance cosine"),
    "student": Run(recipe="python recipes/noisy_student.py", plan="student", init="--teacher teacher"),
    "student_csrn": Run(
        recipe=EPISODES,
        plan="head",
        options="--freeze-encoder --model.head csrn",
        init="--init student",
    ),
    "points": Run(recipe=EPISODES, plan="points", options=POINTS, points=True),
    "points_whitened": Run(recipe=EPISODES, plan="points", options=f"{POINTS} --whiten neutral", points=True),
}
"""Run folder -> how it is trained; in an order in which each finds what it starts from."""

SYSTEMS = {
    "prototypical": "prototypical network",
    "matching": "matching network",
    "relation": "relation network",
    "fan": "FAN, cosine to class means",
    "crn": "CRN",
    "egs": "EGS-Net",
    "csrn": "CSRN",
    "csrn_published": "CSRN, published pairing",
    "teacher": "Noisy Student FER, teacher, cosine",
    "student": "Noisy Student FER, student, cosine",
    "student_csrn": "Noisy Student FER, student, CSRN head",
    "points": "vidfer, face points, cosine",
    "points_whitened": "vidfer, face points whitened by neutral, cosine",
}
"""Run folder -> what its row is called."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much of everything; texts are options of the commands."""

    frames: int
    """Frames of each clip in training."""
    conv4_frames: int
    """The same for those with the conv4 encoder on three regions, whose papers train on single images."""
    eval_frames: int
    """Frames of each clip when judged, for all systems."""
    crop_px: int
    """Side of the crops in the cache."""
    conv4: str
    """Of recipes/fewshot.py, for prototypical and matching networks on three regions."""
    csrn: str
    """The same for CSRN, whose relation module has more to learn."""
    relation: str
    """The same for those that look at the face alone, of which three times as many episodes cost as much."""
    fan: str
    """Of recipes/supervised.py, for FAN."""
    egs: str
    """Of recipes/egs.py."""
    teacher: str
    """Of recipes/supervised.py, for the teacher of Noisy Student FER."""
    student: str
    """Of recipes/noisy_student.py."""
    head: str
    """Of recipes/fewshot.py, for the CSRN head on the student's encoder."""
    points: str = ""
    """Of recipes/fewshot.py, where the encoder is that of face points."""
    actors: str = ""
    """Of `vidfer actors`; empty for the task on images."""


NETWORK = "--model.width 12 --model.input-px 48"
# Small steps, little dropout and half the noise: found on actors of another seed, by its validation clips.
CLASSIFIER = (
    f"{NETWORK} --model.dropout 0.2 --noise.magnitude 0.5 --train.batch-size 8 --train.balanced "
    "--train.ema-decay 0.98"
)
STUDENT = (
    "--from-teacher --optimiser.lr 1e-3 --train.batch-size 4 --pseudo.ratio 2 --train.balanced "
    "--train.ema-decay 0.98"
)
SHORT = "--episodes.val-episodes 20 --episodes.epochs 5"
# Relation heads learn little from one query per class (CSRN's paper); Sung et al. take 10 to 15.
CONV4 = f"{SHORT} --episodes.queries 8"
# Four ways, as there are four base classes; fewer queries than CDNet's 16, so that there are clips for them.
EGS = (
    f"{NETWORK} --episodes.val-episodes 20 --episodes.epochs 6 --egs.joint-epochs 4 --episodes.ways 4 "
    "--episodes.shots 1 --episodes.queries 4 --optimiser.lr 1e-3"
)
ACTORS = (
    "--fps 10 --min-duration-s 0.6 --max-duration-s 0.8 --train-subjects 40 --val-per-class 12 "
    "--val-subjects 6 --test-per-class 4 --novel-per-class 40 --test-subjects 60 --unlabelled-subjects 60"
)
ON_ACTORS = {
    "frames": 2,
    "conv4_frames": 1,
    "eval_frames": 4,
    "crop_px": 64,
    "conv4": f"{CONV4} --episodes.per-epoch 60",
    "csrn": f"{CONV4} --episodes.per-epoch 60",
    "relation": f"{CONV4} --episodes.per-epoch 180",
    "fan": f"{CLASSIFIER} --train.epochs 80",
    "egs": f"{EGS} --episodes.per-epoch 150",
    "teacher": f"{CLASSIFIER} --train.epochs 60",
    "student": f"{STUDENT} --train.epochs 5",
    "head": f"{SHORT} --episodes.per-epoch 50",
}
PLAN_BASIC = Plan(**ON_ACTORS, actors=f"{ACTORS} --train-per-class 40 --unlabelled 240")
SHORTER = {
    "conv4": f"{CONV4} --episodes.per-epoch 40",
    # With 40 it is at chance on what it trains on.
    "csrn": f"{CONV4} --episodes.per-epoch 120",
    "relation": f"{CONV4} --episodes.per-epoch 120",
}
PLAN_COMPOUND = Plan(**ON_ACTORS | SHORTER, actors=f"{ACTORS} --train-per-class 25 --unlabelled 280")
PLAN_IMAGES = Plan(
    frames=1,
    conv4_frames=1,
    eval_frames=1,
    crop_px=224,
    conv4=f"{CONV4} --episodes.per-epoch 100",
    csrn=f"{CONV4} --episodes.per-epoch 100",
    relation=f"{CONV4} --episodes.per-epoch 200",
    fan=f"{CLASSIFIER} --train.epochs 12",
    egs=f"{EGS} --episodes.per-epoch 250",
    teacher=f"{CLASSIFIER} --train.epochs 8",
    student=f"{STUDENT} --train.epochs 2",
    head=f"{SHORT} --episodes.per-epoch 50",
)
