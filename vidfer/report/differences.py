"""The differences of the page: students minus their teachers, over the clips that were queries of both."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass

from vidfer.evaluate.intervals import Interval
from vidfer.evaluate.paired import paired_difference
from vidfer.report.named_results import NamedResult
from vidfer.report.result_table import METRICS, episode_of

NOT_METHOD = {"seed", "out", "resume", "tracker", "teacher", "init"}
"""Settings in which runs of the same method differ."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Later minus earlier; shares in -1..1."""

    later: str
    earlier: str
    measure: str
    interval: Interval
    n_clips: int

    @property
    def title(self) -> str:
        """``student − teacher``; a common end of both names (the head) is written once."""
        _, comma, end = self.earlier.partition(", ")
        later = self.later.removesuffix(comma + end) if comma else self.later
        return f"{later} − {self.earlier}"


def differences_of(groups: Sequence[Sequence[NamedResult]]) -> list[Difference]:
    """Every result minus that of its first teacher and of its last one; without teachers, minus the first.

    Where the same two methods were run with several seeds, a further row takes each clip's mean over them.
    """
    found = []
    for group in groups:
        pairs = _pairs(group)
        for metric in METRICS[group[0].result.kind]:
            title = ("few-shot" if metric == "accuracy" else metric) + episode_of(group[0])
            found += [_difference([later], [earlier], metric, title) for later, earlier in pairs]
            for same in _over_seeds(pairs):
                found.append(_difference([a for a, _ in same], [b for _, b in same], metric, title))
    return [one for one in found if one is not None]


def _pairs(group: Sequence[NamedResult]) -> list[tuple[NamedResult, NamedResult]]:
    by_hash = {(named.result.checkpoint_hash, named.result.protocol.get("head")): named for named in group}

    def teachers(named: NamedResult) -> list[NamedResult]:
        """Its teacher, the teacher of that one, and so on, as far as they were measured."""
        chain = [named]
        while teacher := by_hash.get((chain[-1].teacher_hash, named.result.protocol.get("head"))):
            chain.append(teacher)
        return chain[1:]

    taught = []
    for named in group:
        if chain := teachers(named):
            # The first teacher saw labelled clips only, so this difference is the gain of the method.
            taught.append((named, chain[-1]))
            if len(chain) > 1:
                taught.append((named, chain[0]))
    return taught or [(named, group[0]) for named in group[1:]]


def _over_seeds(
    pairs: Sequence[tuple[NamedResult, NamedResult]],
) -> list[list[tuple[NamedResult, NamedResult]]]:
    methods: dict[tuple, list[tuple[NamedResult, NamedResult]]] = {}
    for later, earlier in pairs:
        if later.run and earlier.run and later.run is not earlier.run:
            methods.setdefault((_method(later), _method(earlier)), []).append((later, earlier))
    return [same for same in methods.values() if len({later.seed for later, _ in same}) > 1]


def _method(named: NamedResult) -> str:
    settings = {name: value for name, value in named.run.settings.items() if name not in NOT_METHOD}
    which = named.name.removeprefix(named.run.name)  # the round, the head
    return json.dumps(settings, sort_keys=True) + which


def _difference(
    later: Sequence[NamedResult], earlier: Sequence[NamedResult], metric: str, measure: str
) -> Difference | None:
    """Paired difference of each clip's mean accuracy over the results; None without a clip in all of them."""
    found = paired_difference([named.result for named in later], [named.result for named in earlier], metric)
    if found is None:
        return None
    interval, n_clips = found
    return Difference(
        later=_common_name(later),
        earlier=_common_name(earlier),
        measure=measure,
        interval=interval,
        n_clips=n_clips,
    )


def _common_name(results: Sequence[NamedResult]) -> str:
    if len(results) == 1:
        return results[0].name
    runs = [named.run.name for named in results]
    start = os.path.commonprefix(runs).rstrip("-_/. 0123456789")  # noqa: RUF071, characters are meant
    which = results[0].name.removeprefix(runs[0])  # the round, the head: the same for all of one method
    return f"{start or ' / '.join(runs)}{which} (mean of {len(runs)} seeds)"
