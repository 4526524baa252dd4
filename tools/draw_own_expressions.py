"""Draw what own expressions are: a few examples, and the answers along a film.

    python tools/draw_own_expressions.py docs/images/own_expressions.png

All people are drawn (vidfer.actors), not real; nobody in the examples is in the film. What is shown is what
`vidfer learn` and `vidfer predict` answer.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import tyro
from program import run

from vidfer.actors.acting import act
from vidfer.actors.conditions import CONDITIONS
from vidfer.actors.draw import draw_scene
from vidfer.actors.encode import encode
from vidfer.actors.identity import sample_identity
from vidfer.actors.stage.scene import sample_scene
from vidfer.infer.predictor import Predictor, load
from vidfer.infer.support.settings import NONE_OF_THESE
from vidfer.report.figure_style import LIGHT, dress

FPS, SIZE = 25, (320, 240)
TAUGHT = {"delighted": "happily_surprised", "worried": "sadly_fearful", "neutral": "neutral"}
"""Name of an own expression -> the expression that is drawn."""
PLAY = ("neutral", "happily_surprised", "neutral", "sadly_fearful", "angry", "neutral")
"""What the film shows, two seconds each."""
EXAMPLES = 4
SECONDS = 2.0


def draw_film(labels: tuple[str, ...], seed: int, path: Path) -> np.ndarray:
    """One person in one scene shows expressions one after the other; writes the film, returns its frames."""
    rng = np.random.default_rng(seed)
    n, conditions = int(SECONDS * FPS), CONDITIONS["studio"]
    acted = np.concatenate([act(rng, label, n, FPS, conditions) for label in labels])
    scene = sample_scene(rng, len(acted), FPS, SIZE, conditions)
    frames, _ = draw_scene(sample_identity(rng), acted, scene, SIZE, plain=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    encode(frames, path, fps=FPS, crf=18)
    return frames


def teach(folder: Path) -> tuple[Predictor, dict[str, list[np.ndarray]]]:
    """What was learned from drawn examples, and the middle frame of each."""
    shown: dict[str, list[np.ndarray]] = {}
    for row, (name, label) in enumerate(TAUGHT.items()):
        for i in range(EXAMPLES):
            frames = draw_film((label,), 100 * row + i, folder / name / f"{i}.mp4")
            shown.setdefault(name, []).append(frames[len(frames) // 2])
    return load().with_support(folder), shown


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What to draw."""

    out: tyro.conf.Positional[Path]
    """The PNG file to write."""


def main(settings: Settings) -> None:
    with tempfile.TemporaryDirectory() as name:
        predictor, shown = teach(Path(name) / "examples")
        film = Path(name) / "film.mp4"
        frames = draw_film(PLAY, 7, film)
        moments = [moment for moment in predictor.predict(film) if moment.has_face]
    figure = picture(shown, frames, moments, predictor.classes)
    figure.savefig(settings.out, dpi=110)
    print(f"{settings.out}: {predictor.classifier.about['expected']}")


def picture(shown: dict, frames: np.ndarray, moments: list, classes: tuple[str, ...]) -> plt.Figure:
    """Examples above; below them the film and the probability of each expression along it."""
    figure = plt.figure(figsize=(9.6, 4.9))
    colours = list(LIGHT.series[: len(classes) - 1])
    width = 1 / (len(shown) * EXAMPLES)
    for i, (name, faces) in enumerate(shown.items()):
        title, colour = f"examples of “{name}”", LIGHT.text
        if name == "neutral":
            title = f"{name}: {NONE_OF_THESE}"
        else:
            colour = colours[classes.index(name)]
        figure.text((i + 0.5) / len(shown), 0.95, title, color=colour, weight="bold", ha="center")
        for j, face in enumerate(faces):
            axes = figure.add_axes(((i * EXAMPLES + j + 0.04) * width, 0.74, 0.92 * width, 0.19))
            axes.imshow(face[20:230, 70:250])
            axes.axis("off")
    left, right = 0.06, 0.985
    n, width = len(frames) // len(PLAY), (right - left) / len(PLAY)
    for i, name in enumerate(PLAY):
        axes = figure.add_axes((left + i * width, 0.47, width, 0.19))
        axes.imshow(frames[i * n + n // 2][20:230, 50:270])
        axes.set_title(f"drawn: {name.replace('_', ' ')}", fontsize=8.5, color=LIGHT.text, pad=3)
        axes.axis("off")
    axes = figure.add_axes((left, 0.1, right - left, 0.355))
    times = [moment.time_s for moment in moments]
    for name, colour in zip(classes, [*colours, "#6b7280"]):
        values = [moment.probabilities[name] for moment in moments]
        style = {"linewidth": 1.4, "linestyle": "--"} if name == NONE_OF_THESE else {"linewidth": 2.2}
        axes.plot(times, values, color=colour, label=name, **style)
    for i in range(1, len(PLAY)):
        axes.axvline(i * SECONDS, color=LIGHT.faint, linewidth=0.6)
    axes.set(xlim=(0, len(frames) / FPS), ylim=(0, 1), xlabel="seconds of the film", ylabel="probability")
    dress(axes, LIGHT)
    axes.legend(loc="upper right", fontsize=9, frameon=False, ncols=len(classes))
    return figure


if __name__ == "__main__":
    run(main, Settings, __doc__)
