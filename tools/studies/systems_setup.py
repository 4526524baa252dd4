"""What the study of all systems runs: the few-shot tasks, and how each system is trained."""

from __future__ import annotations

from dataclasses import dataclass

FEWSHOT = "python recipes/fewshot.py --encoder conv4"


@dataclass(frozen=True)
class Protocol:
    """The kind of episodes that a table is about."""

    ways: int
    shots: int
    person_disjoint: bool = False
    """No query is of a person who is in the support set of the episode."""

    @property
    def title(self) -> str:
        return f"{self.ways}-way {self.shots}-shot" + (", person-disjoint" if self.person_disjoint else "")

    @property
    def folder(self) -> str:
        """Name of the folders of results; finished studies are found by it, so it stays as it is."""
        return f"{self.ways}way_{self.shots}shot" + ("_others" if self.person_disjoint else "")


@dataclass(frozen=True, kw_only=True)
class Task:
    """Base classes, novel classes, and the protocols by which the novel ones are evaluated."""

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
        protocols=(Protocol(3, 3), Protocol(3, 3, person_disjoint=True)),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Run:
    """One training of a system."""

    recipe: str
    budget: str
    """Field of :class:`studies.systems_budgets.Budget` with more options."""
    options: str = ""
    """Options of the recipe that make this system."""
    starts_from: str = ""
    """Name of the run that it starts from."""
    start_option: str = ""
    """Option of the recipe that names the checkpoint of that run."""
    face_points: bool = False
    """It has the weights of face points that the user names."""


POINTS = (
    "--encoder face_landmarker --encoder.features points --freeze-encoder "
    "--head prototype --head.distance cosine"
)
SUPERVISED, EPISODES = "python recipes/supervised.py", "python recipes/fewshot.py"
RUNS = {
    "prototypical": Run(recipe=FEWSHOT, budget="conv4", options="--head prototype"),
    "matching": Run(recipe=FEWSHOT, budget="conv4", options="--head matching --head.cosine-scale 10"),
    "relation": Run(recipe=FEWSHOT, budget="relation", options="--head relation --encoder.regions face"),
    "fan": Run(
        recipe=SUPERVISED,
        budget="fan",
        options="--encoder resnet18 --encoder.frame-attention relation --encoder.attention-dropout 0.5 "
        "--head.distance cosine",
    ),
    "crn": Run(
        recipe=FEWSHOT,
        budget="relation",
        options="--head crn --head.js-weight 0.1 --encoder.pools 4 --encoder.regions face",
    ),
    "egs": Run(recipe="python recipes/egs.py", budget="egs", options="--encoder resnet18"),
    "csrn": Run(recipe=FEWSHOT, budget="csrn", options="--head csrn"),
    "csrn_published": Run(recipe=FEWSHOT, budget="csrn", options="--head csrn --head.pairing published"),
    "teacher": Run(recipe=SUPERVISED, budget="teacher", options="--head.distance cosine"),
    "student": Run(
        recipe="python recipes/noisy_student.py",
        budget="student",
        starts_from="teacher",
        start_option="--teacher",
    ),
    "student_csrn": Run(
        recipe=EPISODES,
        budget="head",
        options="--freeze-encoder --head csrn",
        starts_from="student",
        start_option="--init",
    ),
    "points": Run(recipe=EPISODES, budget="points", options=POINTS, face_points=True),
    "points_standardised": Run(
        recipe=EPISODES, budget="points", options=f"{POINTS} --standardise neutral", face_points=True
    ),
}
"""Run folder -> how it is trained. A run stands after the run that it starts from."""

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
    "points_standardised": "vidfer, face points, standardised, cosine",
}
"""Run folder -> what its row is called."""
