"""Each training setting changes the run, so that none can be lost on its way to where it acts.

Each test does two tiny runs that differ in one setting. The values stand in changed_settings.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate.state import AcceleratorState
from changed_settings import (
    CHANGES,
    MODEL_START,
    NOT_TRIED,
    NOT_TRIED_IN,
    OF_ENCODERS,
    OF_HEADS,
    OF_SCORES,
    SAME_RUN,
    SMALL_ENCODERS,
    START,
    VALIDATED,
    Change,
    FileOf,
    head,
)
from recipe_runs import load_recipe, metrics, weights
from setting_files import SettingFiles

from vidfer.learn import episodic, validate
from vidfer.models.checkpoint import load_checkpoint
from vidfer.models.embedding import Embedding
from vidfer.models.encoders import ENCODERS
from vidfer.models.heads import HEADS
from vidfer.models.settings import options_of

pytestmark = pytest.mark.slow

RECIPES = {name: load_recipe(name) for name in START}
PARTS = ("encoder", "head")
"""Groups that are exchanged as a whole; their options are tried for each of them."""


@dataclass(frozen=True, repr=False)
class Outcome:
    """What a run has left."""

    folder: Path
    metrics: list[dict]
    weights: dict[str, torch.Tensor] | None
    """Of the last epoch; None if the run has stopped before."""
    validated: list
    """Of each validation the probabilities of all clips, or the number of episodes."""


def same_weights(one: Outcome, other: Outcome) -> bool:
    first, second = one.weights, other.weights
    if first is None or second is None:
        return first is second
    return first.keys() == second.keys() and all(first[name].equal(second[name]) for name in first)


def settings_in(kind: type) -> set[str]:
    """Names of all settings of a recipe, as on the command line."""
    names = set()
    for one in fields(kind):
        default = one.default_factory() if one.default_factory is not MISSING else one.default
        if one.name in PARTS or not is_dataclass(default):
            names.add(one.name)
        else:
            names |= {f"{one.name}.{inner.name}" for inner in fields(default) if inner.init}
    return names


def build_settings(recipe: str, values: Mapping[str, Any], out: Path) -> Any:
    """The settings of a recipe; values of groups stand before those of their members."""
    kind = RECIPES[recipe].Settings
    defaults = {one.name: one.default_factory for one in fields(kind) if one.default_factory is not MISSING}
    groups: dict[str, Any] = {}
    members: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        group, _, member = name.partition(".")
        if member:
            members.setdefault(group, {})[member] = value
        else:
            groups[group] = value
    for group, changed in members.items():
        groups[group] = replace(groups[group] if group in groups else defaults[group](), **changed)
    return kind(**groups, out=out)


@pytest.fixture(scope="session")
def files(tmp_path_factory) -> SettingFiles:
    return SettingFiles(tmp_path_factory.mktemp("files"))


def remembering(validate: Callable, validated: list) -> Callable:
    """The same function, which also keeps the probabilities of all clips, or the number of episodes."""

    def and_remember(*arguments: Any) -> Any:
        found = validate(*arguments)
        validated.append(
            found.probabilities.tolist() if hasattr(found, "probabilities") else len(arguments[2] or ())
        )
        return found

    return and_remember


Run = Callable[..., Outcome]


@pytest.fixture(scope="session")
def outcomes() -> dict[str, Outcome]:
    """Of all runs, so that an unchanged run is done once."""
    return {}


@pytest.fixture
def run(files, outcomes, tmp_path_factory, monkeypatch) -> Run:
    """Do a run with some values over those of START, or look it up."""
    monkeypatch.setattr("os.fsync", lambda _: None)  # nobody pulls the plug here

    def outcome_of(recipe: str, values: Mapping[str, Any]) -> Outcome:
        values = START[recipe] | values
        key = f"{recipe} {sorted(values.items())}"
        if key not in outcomes:
            out = tmp_path_factory.mktemp("runs") / recipe
            outcomes[key] = _run(recipe, {name: _file(value) for name, value in values.items()}, out)
        return outcomes[key]

    def _file(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(_file(one) for one in value)
        return getattr(files, value.name) if isinstance(value, FileOf) else value

    def _run(recipe: str, values: dict[str, Any], out: Path) -> Outcome:
        module, validated = RECIPES[recipe], []
        AcceleratorState._reset_state()  # it would keep the number format of the run before
        with pytest.MonkeyPatch.context() as patch:
            for place in (module, episodic, validate):
                for name in {"predict", "validate_episodes"} & {*vars(place)}:
                    patch.setattr(place, name, remembering(getattr(place, name), validated))
            module.main(build_settings(recipe, values, out))
        AcceleratorState._reset_state()
        finished = (out / "checkpoints" / "last").is_dir()
        return Outcome(out, metrics(out), weights(out) if finished else None, validated)

    return outcome_of


def both(run: Run, recipe: str, name: str, change: Change, **start: Any) -> tuple[Outcome, Outcome]:
    """The run without and with a change."""
    before = {**start, **change.given}
    return run(recipe, before), run(recipe, {**before, name: change.value})


@pytest.mark.parametrize("recipe", START)
def test_every_setting_is_tried_or_says_why_not(recipe):
    tables = (CHANGES[recipe], VALIDATED[recipe], SAME_RUN, NOT_TRIED, NOT_TRIED_IN[recipe])
    named = [name for table in tables for name in table]
    assert settings_in(RECIPES[recipe].Settings) == set(named)
    assert len(named) == len(set(named)), "a setting is tried or not, not both"


@pytest.mark.parametrize(
    ("kinds", "tables"),
    [(ENCODERS, (OF_ENCODERS,)), (HEADS, (OF_HEADS, OF_SCORES))],
    ids=["encoders", "heads"],
)
def test_every_option_of_encoders_and_heads_is_tried(kinds, tables):
    expected = {(name, option) for name, kind in kinds.items() for option in options_of(kind.Settings)}
    assert expected == {(name, option) for table in tables for name in table for option in table[name]}


@pytest.mark.parametrize(
    ("recipe", "name"), [(recipe, name) for recipe in CHANGES for name in CHANGES[recipe]]
)
def test_a_setting_changes_the_weights(run, recipe, name):
    one, other = both(run, recipe, name, CHANGES[recipe][name])
    assert not same_weights(one, other), f"{name} has no effect"


@pytest.mark.parametrize(
    ("recipe", "name"), [(recipe, name) for recipe in VALIDATED for name in VALIDATED[recipe]]
)
def test_a_setting_changes_the_validation_alone(run, recipe, name):
    one, other = both(run, recipe, name, VALIDATED[recipe][name])
    assert same_weights(one, other)
    assert one.validated != other.validated, f"{name} has no effect"


@pytest.mark.parametrize(
    ("name", "option"), [(name, option) for name in OF_ENCODERS for option in OF_ENCODERS[name]]
)
def test_an_option_of_an_encoder_changes_the_weights(run, name, option):
    if name == "timm":
        pytest.importorskip("timm")
    start = {"encoder": SMALL_ENCODERS[name]}
    one, other = both(run, "supervised", f"encoder.{option}", OF_ENCODERS[name][option], **start)
    assert not same_weights(one, other), f"--encoder.{option} has no effect"


def with_head(name: str) -> dict[str, Any]:
    regions = ("face", "eyes") if "regions" in OF_HEADS[name] else ("face",)
    return {"head": head(name), "encoder": replace(MODEL_START["encoder"], regions=regions)}


@pytest.mark.parametrize(
    ("name", "option"), [(name, option) for name in OF_HEADS for option in OF_HEADS[name]]
)
def test_an_option_of_a_head_changes_the_weights(run, name, option):
    one, other = both(run, "fewshot", f"head.{option}", OF_HEADS[name][option], **with_head(name))
    assert not same_weights(one, other), f"--head.{option} has no effect"


@pytest.mark.parametrize(
    ("name", "option"), [(name, option) for name in OF_SCORES for option in OF_SCORES[name]]
)
def test_an_option_of_a_head_changes_the_scores_alone(run, name, option):
    pair = both(run, "fewshot", f"head.{option}", OF_SCORES[name][option], **with_head(name))
    assert same_weights(*pair)
    clips = Embedding(torch.randn(4, 512), torch.rand(4, 1, 64, 14, 14), {})
    scores = []
    for outcome in pair:
        recogniser, _ = load_checkpoint(outcome.folder / "checkpoints" / "last")
        scores.append(recogniser.head(clips[:2], torch.tensor([0, 1]), clips[2:]))
    assert not torch.allclose(*scores)


@pytest.mark.parametrize(("recipe", "name"), [(recipe, name) for recipe in START for name in SAME_RUN])
def test_how_the_work_is_done_changes_nothing(run, recipe, name):
    change, _ = SAME_RUN[name]
    if recipe == "egs":
        change = replace(change, given={n: (v,) if n == "cache" else v for n, v in change.given.items()})
    one, other = both(run, recipe, name, change)
    assert same_weights(one, other) and one.metrics == other.metrics and one.weights
