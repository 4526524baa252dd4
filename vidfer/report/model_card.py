"""The model card: the use of a checkpoint, its training data, its results, its limits and its licences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vidfer import __version__
from vidfer.errors import RunError
from vidfer.evaluate.result import Result
from vidfer.files import write_text
from vidfer.models.checkpoint import read_outline, read_seen
from vidfer.models.describe import network_lines
from vidfer.report.card_figures import figures
from vidfer.report.card_metadata import TERMS_FILE, card_metadata, front
from vidfer.report.card_texts import ACTORS_WARNING, HERE, LIMITS, NOT_MEASURED, ONLY_DRAWN, USE, how_to_use
from vidfer.report.licences import licence_lines, licence_text
from vidfer.report.named_results import read_results
from vidfer.responsible_use import COMMAND, essence_markdown
from vidfer.runs.data_record import domains_of
from vidfer.runs.learned_from import learned_from
from vidfer.runs.read_run import Run, read_runs


def model_card(
    run: Path, results: Sequence[Path] = (), *, licence: str | None = None, address: str = HERE
) -> str:
    """The card of a run's best checkpoint as Markdown, with metadata for the Hugging Face hub.

    Args:
        run: run folder.
        results: result files; those of other checkpoints are left out.
        licence: see :func:`vidfer.report.card_metadata.card_metadata`.
        address: what the examples name as the checkpoint.

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
    folder = Path(run) / "checkpoints" / "best"
    learned, network = learned_from(folder), read_outline(folder)
    few_shot = any(result.kind == "few-shot" for result in measured) or not network.classes
    chosen = (
        f"The weights: `{licence}`." if licence else f"No licence was chosen ([{TERMS_FILE}]({TERMS_FILE}))."
    )
    parts = [
        front(card_metadata(read.name, learned, measured, few_shot=few_shot, licence=licence)),
        f"# {read.name}\n",
        *([ACTORS_WARNING + "\n"] if "actors" in sources else []),
        *([ONLY_DRAWN + "\n"] if learned.only_drawn else []),
        f"Checkpoint `{pinned}`, made by vidfer {read.environment.get('vidfer', __version__)}.\n",
        f"## Intended use\n\n{USE}\n",
        f"## How to use it\n\n{how_to_use(address, classifies=bool(network.classes))}\n",
        f"## Responsible use\n\n{essence_markdown(of_included=False)}\n\n`{COMMAND}` prints this list.\n",
        f"## Data\n\n{_data(read)}\n",
        f"## Figures\n\n{figures(measured)}\n",
        f"## Whom it was measured on\n\n{_people(measured)}{NOT_MEASURED}\n",
        f"## Limits\n\n{LIMITS}\n",
        f"## Licences\n\n{chosen} What it learned from:\n",
        *(f"- {line}" for line in licence_lines(learned)),
    ]
    return "\n".join(parts) + "\n"


def write_model_card(run: Path, results: Sequence[Path] = ()) -> Path:
    """Write :func:`model_card` as ``README.md`` beside the weights, with ``LICENSE.md``; its path."""
    folder = Path(run) / "checkpoints" / "best"
    write_text(folder / "README.md", model_card(run, results))
    write_text(folder / TERMS_FILE, licence_text(Path(run).resolve().name, learned_from(folder)))
    return folder / "README.md"


def _people(results: Sequence[Result]) -> str:
    """Whom the results are about, a line each."""
    lines = []
    for result in results:
        n = result.n_subjects
        subjects = "an unknown number of" if n is None else f"{n:,}"
        one, several = (
            ("drawn actor", "drawn actors") if result.sources == ("actors",) else ("person", "people")
        )
        who = one if n == 1 else several
        lines.append(
            f"- {result.cache}: {result.n_clips:,} clips of {subjects} {who} ({', '.join(result.sources)})"
        )
    if not lines:
        return "On nobody yet.\n\n"
    return "".join(f"{line}\n" for line in dict.fromkeys(lines)) + "\n"


def _data(run: Run) -> str:
    data = run.data
    if not data:
        return "The run stopped before it wrote what it was trained on."
    lines = [
        f"- classes that it was trained on: {', '.join(data['classes'])}",
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
