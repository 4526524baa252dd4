"""The facts at the head of the page: what was measured, on what."""

from __future__ import annotations

from collections.abc import Sequence

from vidfer.report.named_results import NamedResult, head_of
from vidfer.report.page import Fact
from vidfer.runs.data_record import domains_of
from vidfer.runs.read_run import Run
from vidfer.store.reader import CropCache


def facts_of(
    runs: Sequence[Run], results: Sequence[NamedResult], cache: CropCache | None
) -> list[tuple[str, list[Fact]]]:
    """Caches, sources, training data, seeds and checkpoints, with the hashes that identify them."""
    facts = [
        ("Crop cache", _caches(runs, results, cache)),
        ("Sources", [Fact(", ".join(sorted({s for named in results for s in named.result.sources})))]),
        ("Trained on", [_training(run) for run in runs if run.data]),
        ("Seeds of training", [Fact(", ".join(f"{run.name}: {run.seed}" for run in runs))]),
        ("Checkpoints", _checkpoints(results)),
        ("Chosen by", _choices(runs)),
    ]
    return [(term, said) for term, said in facts if any(fact.text for fact in said)]


def _choices(runs: Sequence[Run]) -> list[Fact]:
    chosen = [run.name for run in runs if run.has_validation_score]
    last = [run.name for run in runs if not run.has_validation_score]
    facts = []
    if chosen:
        facts.append(Fact(f"{', '.join(chosen)}: validation clips of base classes only"))
    if last:
        facts.append(
            Fact(f"{', '.join(last)}: nothing; without a validation score it is the last checkpoint")
        )
    return facts


def _caches(runs: Sequence[Run], results: Sequence[NamedResult], cache: CropCache | None) -> list[Fact]:
    names: dict[str, set[str]] = {}
    for named in results:
        names.setdefault(named.result.cache_hash, set()).add(named.result.cache)
    for domain in (domain for run in runs for domain in domains_of(run.data)):
        for key in ("cache_hash", "unlabelled_cache_hash"):
            if key in domain:
                names.setdefault(domain[key], set())
    facts = []
    for content_hash, files in names.items():
        text = ", ".join(sorted(files)) or "used in training"
        if cache is not None and cache.content_hash == content_hash:
            clips = cache.clips
            unread = sum(bool(clip.reason) for clip in clips)
            faceless = sum(clip.n_faces == 0 and not clip.reason for clip in clips)
            text += f" ({len(clips):,} clips, {faceless:,} without a face, {unread:,} unreadable)"
        facts.append(Fact(text, content_hash))
    return facts


def _training(run: Run) -> Fact:
    data = run.data
    counts = f"{len(data['train']):,} labelled clips"
    if run.pseudo_labels:  # other runs list the unlabelled clips, too, but do not train on them
        counts += f" and {len(data['unlabelled']):,} unlabelled ones"
    classes = ", ".join(name.replace("_", " ") for name in data["classes"])
    return Fact(f"{run.name}: {counts}, {len(data['val']):,} to validate on; classes {classes}")


def _checkpoints(results: Sequence[NamedResult]) -> list[Fact]:
    names = {}
    for named in results:
        head = head_of(named.result) if named.result.kind == "few-shot" else ""
        names[named.result.checkpoint_hash] = named.name.removesuffix(head)
    return [Fact(name, checkpoint) for checkpoint, name in names.items()]
