"""How well do a few examples teach an expression? `vidfer learn` on images and clips of people.

    python tools/study.py own_expressions --london london --muxspace muxspace --clips labelled \\
        --unlabelled unlabelled --out own

Many random draws of 1, 3 and 5 examples a class and 3 background examples, each of another person; asked is
about people who are in no example. What the networks see of each picture is kept in --out, so a second start
takes seconds. No setting was chosen on the tasks. They were fixed before they were measured, but for the
one with people who speak as background, which was added afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from counts import check_counts

from vidfer.clips.clip import Clip
from vidfer.clips.media import find_media
from vidfer.files import write_json, write_text
from vidfer.infer.support.encoder_parts import default_names, open_parts
from vidfer.infer.support.examples import Examples
from vidfer.infer.support.learn_support import embed_examples
from vidfer.infer.support.settings import SupportSettings

from .own_expressions_draws import Faces, Task, measure, together

PERSONS, PER_PERSON = 60, 2
"""Most persons of a label, and images of each, that are taken from a folder of images."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the pictures and clips are."""

    london: Path = Path("london")
    """Folders neutral/ and smiling/, pictures named after the person (001_03.jpg)."""
    muxspace: Path = Path("muxspace")
    """A folder for each expression, pictures named after the person (Ann_Smith_0001.jpg)."""
    clips: Path = Path("clips")
    """A folder for each expression with clips, and manifest.csv with path, label and subject."""
    unlabelled: Path = Path("unlabelled")
    """Clips of people who speak or sign."""
    out: Path = Path("own_expressions")
    """The folder for features and tables."""
    draws: int = 40
    """Random draws of examples of each task and number of examples."""
    shots: tuple[int, ...] = (1, 3, 5)
    """Numbers of examples of each class."""
    encoders: tuple[str, ...] = ()
    """As for `vidfer learn`."""

    def __post_init__(self) -> None:
        check_counts(self, "draws", "shots")


def person_of(path: Path) -> str:
    """Who is seen: the name of the file without its number."""
    return re.sub(r"[_ ]*\d+$", "", path.stem) or path.stem


def london(root: Path) -> list[Clip]:
    """All pictures; a person is the number at the start of the name."""
    paths = [path for label in ("neutral", "smiling") for path in sorted((root / label).glob("*.jpg"))]
    return [Clip(id=p.name, path=p, label=p.parent.name, subject=p.stem.split("_")[0]) for p in paths]


def muxspace(root: Path) -> list[Clip]:
    """Of each label at most 60 persons with two pictures each, at random."""
    rng, found = np.random.default_rng(0), []
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        of_person: dict[str, list[Path]] = {}
        paths = sorted(find_media(folder))
        for i in rng.permutation(len(paths)):
            of_person.setdefault(person_of(paths[i]), []).append(paths[i])
        for person, own in [*of_person.items()][:PERSONS]:
            found += [Clip(id=p.name, path=p, label=folder.name, subject=person) for p in own[:PER_PERSON]]
    return found


def clips(root: Path) -> list[Clip]:
    """The labelled clips of the manifest."""
    from vidfer.tables import read_table

    rows = read_table(root / "manifest.csv", ("path", "label", "subject"))
    return [
        Clip(id=row["path"], path=root / row["path"], label=row["label"], subject=row["subject"])
        for row in rows
    ]


def unlabelled(root: Path) -> list[Clip]:
    """Every second clip; a person is the name up to the second underscore where there is one."""
    paths = sorted(find_media(root))[::2]
    return [
        Clip(id=p.name, path=p, label="unlabelled", subject="_".join(p.stem.split("_")[:2])) for p in paths
    ]


def faces_of(name: str, found: Sequence[Clip], settings: Settings) -> Faces:
    """What the networks see of each clip, from --out where it was computed before."""
    path = settings.out / f"{name}.npz"
    if not path.exists():
        parts = open_parts(settings.encoders)
        labels = tuple(sorted({clip.label for clip in found}))
        (features, owner, _), used, notes = embed_examples(
            Examples(labels, tuple(found), ()), parts, SupportSettings()
        )
        kept = [found[i] for i in used]
        about = {"labels": [c.label for c in kept], "people": [c.subject for c in kept]}
        np.savez(path, owner=owner, lost=len(notes), **about, **{f"x {k}": v for k, v in features.items()})
    kept = np.load(path)
    features = {key[2:]: kept[key] for key in kept.files if key.startswith("x ")}
    return Faces(features, kept["owner"], kept["labels"], kept["people"])


def tasks(of: dict[str, Faces]) -> list[Task]:
    """The tasks: which expression is taught on what, and asked about where."""
    images, clips_, smiles = of["muxspace"], of["clips"], of["london"]
    three = ("anger", "happiness", "surprise")
    return [
        Task("smile, studio portraits", smiles, ("smiling",), "neutral", {"": smiles}),
        Task(
            "the same smile, asked about clips",
            smiles,
            ("smiling",),
            "neutral",
            {"": clips_, "unlabelled clips": of["unlabelled"]},
            {"happy": "smiling"},
        ),
        Task(
            "the same smile, people who speak as background",
            together(smiles, of["unlabelled"]),
            ("smiling",),
            "unlabelled",
            {"": clips_, "unlabelled clips": of["unlabelled"]},
            {"happy": "smiling", "neutral": "unlabelled"},
        ),
        Task("anger, happiness and surprise, press photos", images, three, "neutral", {"": images}),
        Task(
            "the same three, asked about clips",
            images,
            three,
            "neutral",
            {"": clips_, "unlabelled clips": of["unlabelled"]},
            {"happy": "happiness", "angry": "anger"},
        ),
        Task("contempt, press photos", images, ("contempt",), "neutral", {"": images}),
    ]


def main(settings: Settings) -> None:
    settings.out.mkdir(parents=True, exist_ok=True)
    of = {
        "london": faces_of("london", london(settings.london), settings),
        "muxspace": faces_of("muxspace", muxspace(settings.muxspace), settings),
        "clips": faces_of("clips", clips(settings.clips), settings),
        "unlabelled": faces_of("unlabelled", unlabelled(settings.unlabelled), settings),
    }
    parts = open_parts(settings.encoders)
    typical = {name: t for part in parts for name, t in part.typical.items()}
    offers = {"all": [*of["london"].features]}
    if len(parts) > 1:
        offers |= {part.name: [n for n in offers["all"] if n.startswith(f"{part.name}:")] for part in parts}
    rows = [
        {"task": task.name, "networks": offer, "examples": k}
        | measure(task, k, names, typical, settings.draws)
        for task in tasks(of)
        for offer, names in offers.items()
        for k in settings.shots
    ]
    write_json(settings.out / "own_expressions.json", rows)
    text = table(rows)
    write_text(settings.out / "own_expressions.md", text)
    print(f"networks: {', '.join(settings.encoders or default_names())}\n\n{text}")


def table(rows: Sequence[dict]) -> str:
    """The results as Markdown, a row for each task, offer of networks and number of examples."""
    heads = ["task", "networks", "examples", "said by `vidfer learn`", "recognised", "found"]
    heads += ["taken for it: neutral", "other expressions", "unlabelled clips"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in rows:
        said = f"{100 * row['expected']:.0f} %" if "expected" in row else ""
        shares = [
            _cell(row.get(name)) for name in ("recognised", "found", "neutral", "others", "unlabelled clips")
        ]
        lines.append(f"| {' | '.join([row['task'], row['networks'], str(row['examples']), said, *shares])} |")
    return "\n".join(lines) + "\n"


def _cell(share: dict | None) -> str:
    if share is None:
        return ""
    mean, low, high = (100 * share[key] for key in ("mean", "low", "high"))
    return f"{mean:.0f} % [{low:.0f}, {high:.0f}] ({share['people']} people)"
