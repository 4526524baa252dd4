"""The model card: the use of a checkpoint, its training data, its results, and its limits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vidfer import __version__
from vidfer.errors import RunError
from vidfer.evaluate.result import Result
from vidfer.files import write_text
from vidfer.models.checkpoint import read_seen
from vidfer.models.describe import network_lines
from vidfer.report.named_results import head_of, read_results
from vidfer.runs.data_record import domains_of
from vidfer.runs.read_run import Run, read_runs

ACTORS_WARNING = (
    "> **Synthetic actors, not people.** The figures were measured on drawn faces. They prove that the "
    "machinery works; they say nothing about accuracy on people."
)

USE = """Research on facial expressions in video: naming the expression that a face shows in a short clip,
and, with a few-shot head, telling apart expressions it was not trained on from a few example clips of each.
Input is what `vidfer cache` makes of a video: aligned crops of face, eyes and mouth."""

LIMITS = """- An expression is not an emotion: the model names what a face shows, not what a person feels.
- Not for decisions about people: hiring, policing, education, border control, health.
- Accuracy on people unlike those in the training data (age, skin, culture, glasses, beards, camera) is not
  known unless a figure above says so.
- A clip in which no face is found has no answer, and counts as wrong in every figure.
- An interval over episodes tells how well the mean over episodes of the same clips is known. For other
  clips and other people read the intervals over clips and over subjects.
- The weights carry traces of faces, and so inherit the licence of the training videos and the duties that
  come with personal data."""


def model_card(run: Path, results: Sequence[Path] = ()) -> str:
    """The card of a run's best checkpoint as Markdown.

    Args:
        run: run folder.
        results: result files; those of other checkpoints are left out.

    Raises:
        RunError: the folder is no run, or it has no best checkpoint yet.
        ResultError: a file is no result.
    """
    read = read_runs([run])[0]
    if "best" not in read.checkpoints:
        raise RunError(f"{run} has no best checkpoint yet; go on with its training, with --resume")
    pinned = read.checkpoints["best"]
    measured = [n.result for n in read_results(results, [read]) if n.result.checkpoint_hash == pinned]
    sources = {source for result in measured for source in result.sources}
    parts = [
        "---\nlibrary_name: vidfer\npipeline_tag: video-classification\n"
        "tags:\n- facial-expression-recognition\n- few-shot\n---\n",
        f"# {read.name}\n",
        *([ACTORS_WARNING + "\n"] if "actors" in sources else []),
        f"Checkpoint `{pinned}`, made by vidfer {read.environment.get('vidfer', __version__)}.\n",
        f"## Intended use\n\n{USE}\n",
        f"## Data\n\n{_data(read)}\n",
        f"## Figures\n\n{figures(measured)}\n",
        f"## Limits\n\n{LIMITS}\n",
    ]
    return "\n".join(parts)


def write_model_card(run: Path, results: Sequence[Path] = ()) -> Path:
    """Write :func:`model_card` as ``README.md`` beside the weights and return its path."""
    path = Path(run) / "checkpoints" / "best" / "README.md"
    write_text(path, model_card(run, results))
    return path


def _data(run: Run) -> str:
    data = run.data
    if not data:
        return "The run stopped before it wrote what it was trained on."
    lines = [
        f"- classes: {', '.join(data['classes'])}",
        *(
            f"- trained on {len(domain['train']):,} labelled clips of crop cache `{domain['cache_hash']}`"
            for domain in domains_of(data)
        ),
        f"- checkpoint {_choice(run)}",
    ]
    if run.pseudo_labels:  # other runs list the unlabelled clips, too, but do not train on them
        lines.append(
            f"- {len(data['unlabelled']):,} unlabelled clips of crop cache `{data['unlabelled_cache_hash']}`,"
            " labelled by a teacher where it was sure enough"
        )
    if data.get("note"):
        lines.append(f"- split: {data['note']}")
    network = network_lines(run.folder / "checkpoints" / "best")
    lines += [f"- {what}: {network[what]}" for what in ("encoder", "head", "parameters")]
    if seen := read_seen(run.folder / "checkpoints" / "best").text():
        lines.append(f"- expression labels that its weights have seen: {seen}")
    lines.append(f"- seed of training: {run.seed}")
    return "\n".join(lines)


def _choice(run: Run) -> str:
    """How the best checkpoint was chosen; without validation scores it is the last one."""
    if run.has_validation_score:
        return f"chosen on {len(run.data['val']):,} validation clips, not on the test split"
    return "of the last epoch: there was no validation score to choose by"


def figures(results: Sequence[Result]) -> str:
    """The figures of some results as Markdown: every measure with its interval, and every class."""
    if not results:
        return "Not measured yet; `vidfer eval` measures."
    lines = [
        "Per cent, with 95 % intervals.\n",
        "| measured on | measure | chance | result |",
        "|---|---|---|---|",
    ]
    for result in results:
        where = (
            f"{result.cache}, split {result.split}, {result.n_clips:,} clips ({', '.join(result.sources)})"
        )
        kind = ""
        if result.kind == "few-shot":
            kind = f" {result.task}{head_of(result)}"
            kind += f" ({result.seen_text})" if result.seen_text else ""
        lines += [
            f"| {where} | {result.kind}{kind}: {name} | {100 * result.chance:.1f} | {interval} |"
            for name, interval in result.measures.items()
        ]
    lines += ["", *_recalls(results)]
    caches = sorted({result.cache_hash for result in results})
    return (
        "\n".join(lines) + "\n\nMeasured on crop cache " + ", ".join(f"`{value}`" for value in caches) + "."
    )


def _recalls(results: Sequence[Result]) -> list[str]:
    """A table of the recall of each class: a row per class, a column per result."""
    classes = list(dict.fromkeys(row["class"] for result in results for row in result.per_class))
    found = [{row["class"]: row for row in result.per_class} for result in results]
    names = [
        f"{result.cache}, {result.task if result.kind == 'few-shot' else result.split}" for result in results
    ]
    return [
        "Recall of each class in per cent, and its number of clips:\n",
        "| class | " + " | ".join(names) + " |",
        "|---" * (len(results) + 1) + "|",
        *(
            f"| {name} | "
            + " | ".join(
                f"{100 * rows[name]['accuracy']:.1f} ({rows[name]['clips']:,})" if name in rows else ""
                for rows in found
            )
            + " |"
            for name in classes
        ),
    ]
