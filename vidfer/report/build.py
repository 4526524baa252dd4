"""The report: run folders and result files in, one HTML file out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

from vidfer.errors import CacheError, SettingError
from vidfer.files import write_text
from vidfer.report.confusions import show_confusions
from vidfer.report.differences import differences_of
from vidfer.report.facts import facts_of
from vidfer.report.film_strips import STRIP_RULE, choose_strips, film_strips
from vidfer.report.hardest_clips import show_hardest
from vidfer.report.named_results import NamedResult, comparable, read_results
from vidfer.report.page import Group, Page, render
from vidfer.report.pseudo_labels import show_rounds
from vidfer.report.reliability import show_reliability
from vidfer.report.result_table import measures_of
from vidfer.report.shots_curve import show_shots
from vidfer.report.training_curves import show_curves
from vidfer.runs.data_record import domains_of
from vidfer.runs.read_run import Run, read_runs
from vidfer.store.reader import CropCache


def build_report(
    runs: Sequence[Path],
    results: Sequence[Path],
    out: Path,
    cache: Path | None = None,
    *,
    device: str = "cpu",
) -> Path:
    """Write the page and return its path.

    Args:
        runs: run folders, teachers before their students.
        results: result files of ``vidfer eval``; each is matched to a run by the hash of its checkpoint.
        out: the HTML file, replaced if it is there.
        cache: crop cache of the results, for the film strips; without it there are none.
        device: where the networks run for the film strips, as torch names it.

    Raises:
        SettingError: nothing to report.
        RunError: a folder that is no run.
        ResultError: a file that is no result.
        CacheError: a cache that no result was measured on.
    """
    out = Path(out)
    if out.is_dir():
        raise SettingError(f"{out} is a folder; name the page to write, such as {out / 'report.html'}")
    if not runs and not results:
        raise SettingError(
            "there is nothing to report; name run folders with --runs, or result files with --results"
        )
    read = read_runs(runs)
    found = read_results(results, read)
    page = _page(read, found, None if cache is None else CropCache(cache), device)
    write_text(out, render(page))
    return out


def _page(runs: Sequence[Run], results: Sequence[NamedResult], cache: CropCache | None, device: str) -> Page:
    groups = comparable(results)
    strips = _strips(results, cache, device)
    names = ", ".join(run.name for run in runs) or ", ".join(dict.fromkeys(named.name for named in results))
    return Page(
        title=f"vidfer report: {names}",
        made_on=datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        sources=sorted({s for named in results for s in named.result.sources} | _sources_in(runs, cache)),
        facts=facts_of(runs, results, cache),
        notes=_notes(runs, results, strips, cache),
        measures=measures_of(groups),
        differences=differences_of(groups),
        shots=show_shots(groups),
        confusions=show_confusions([named for group in groups for named in group]),
        reliability=show_reliability([named for group in groups for named in group]),
        rounds=show_rounds(runs),
        curves=show_curves(runs),
        strips=strips,
        strips_rule=STRIP_RULE,
        hardest=[show_hardest(group, cache) for group in groups],
        details=[
            (f"{run.name}: {title}", json.dumps(content, indent=2, ensure_ascii=False))
            for run in runs
            for title, content in (("settings", run.settings), ("environment", run.environment))
        ],
    )


def _sources_in(runs: Sequence[Run], cache: CropCache | None) -> set[str]:
    """Sources of the cache if runs were trained on it, because the page has numbers of the training, too."""
    trained_on = {domain.get("cache_hash") for run in runs for domain in domains_of(run.data)}
    if cache is None or cache.content_hash not in trained_on:
        return set()
    return {clip.source for clip in cache.clips}


def _strips(results: Sequence[NamedResult], cache: CropCache | None, device: str) -> list[Group]:
    if cache is None:
        return []
    here = [named for named in results if named.result.cache_hash == cache.content_hash]
    if results and not here:
        raise CacheError(
            f"{cache.path} has content hash {cache.content_hash[:12]}, but the results were measured on "
            f"{', '.join(sorted({named.result.cache_hash[:12] for named in results}))}; name that cache"
        )
    groups: dict[str, Group] = {}
    # A result on another split is used only where a run has none on the test split.
    for named in sorted(here, key=lambda n: n.result.split != "test"):
        if named.result.kind != "classification" or named.checkpoint is None or named.name in groups:
            continue
        chosen = choose_strips(named.result.rows)
        strips = film_strips(
            named.checkpoint, cache.path, chosen, n_frames=named.result.protocol["n_frames"], device=device
        )
        if strips:
            groups[named.name] = Group(title=f"{named.name}, split {named.result.split}", items=strips)
    return list(groups.values())


def _notes(
    runs: Sequence[Run], results: Sequence[NamedResult], strips: Sequence[Group], cache: CropCache | None
) -> list[str]:
    notes = []
    if len({named.result.cache_hash for named in results}) > 1:
        notes.append("The results were measured on different caches; compare only rows under one heading.")
    if unknown := [named.file for named in results if named.run is None and not named.result.pooled]:
        notes.append(
            f"No run of this report has the checkpoint of {', '.join(unknown)}; its training is not shown."
        )
    measured = {named.result.checkpoint_hash for named in results}
    if unmeasured := [run.name for run in runs if not measured & set(run.checkpoints.values())]:
        notes.append(f"No result file belongs to {', '.join(unmeasured)}: trained, but not measured here.")
    if results and not strips:
        notes.append(
            "There are no film strips: "
            + (
                "no cache was given (--cache)."
                if cache is None
                else "no classification result with its run was given."
            )
        )
    return notes
