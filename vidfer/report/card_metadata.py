"""The metadata at the head of a model card, as the Hugging Face hub reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from vidfer.evaluate.intervals import Interval
from vidfer.evaluate.result import Result
from vidfer.models.pretrained.table import PRETRAINED
from vidfer.report.licences import OWN
from vidfer.runs.learned_from import DRAWN, LearnedFrom

TASK = {"type": "video-classification", "name": "Facial expression recognition"}
TERMS, TERMS_FILE = "terms-of-the-training-data", "LICENSE.md"


def card_metadata(
    name: str, learned: LearnedFrom, results: Sequence[Result], *, few_shot: bool, licence: str | None = None
) -> dict[str, Any]:
    """The metadata of a checkpoint; fields of which nothing is known are left out.

    https://github.com/huggingface/hub-docs/blob/main/modelcard.md describes the fields.

    Args:
        name: of the model.
        learned: what its weights have learned from.
        results: what was measured; the model index has all measures with their intervals, as shares 0..1.
        few_shot: whether it has a trained few-shot head.
        licence: identifier of a licence as the hub knows it, such as ``apache-2.0``. Without one it is
            ``other``, and the file ``LICENSE.md`` has the terms of what it learned from.
    """
    drawn = "actors" in learned.sources or any("actors" in result.sources for result in results)
    fields = {
        **(
            {"license": licence}
            if licence
            else {"license": "other", "license_name": TERMS, "license_link": TERMS_FILE}
        ),
        "library_name": "vidfer",
        "pipeline_tag": TASK["type"],
        "tags": [
            "facial-expression-recognition",
            *(["few-shot"] if few_shot else []),
            *(["synthetic-data"] if drawn else []),
        ],
        "base_model": [*_on_the_hub(learned.encoders), *learned.shared],
        "datasets": sorted({dataset_name(s) for s in learned.sources if not _is_own(s)}),
        **measured_fields(name, results),
    }
    return {key: value for key, value in fields.items() if value}


def measured_fields(name: str, results: Sequence[Result]) -> dict[str, Any]:
    """The fields ``metrics`` and ``model-index``; nothing without a result."""
    if not results:
        return {}
    return {
        "metrics": sorted({_metric(measure) for result in results for measure in result.measures}),
        "model-index": [{"name": name, "results": [_measured(result) for result in results]}],
    }


def front(fields: Mapping[str, Any]) -> str:
    """The metadata as the head of a Markdown file."""
    text = yaml.dump(dict(fields), Dumper=_WithoutAliases, sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{text}---\n"


class _WithoutAliases(yaml.SafeDumper):
    """Writes what stands in several places in each of them, for readers without YAML's ``*id001``."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def dataset_name(source: str) -> str:
    """The name of a source among data sets, without its part: ``dfew`` of ``dfew:3``."""
    name = source.partition(":")[0]
    return DRAWN if name == "actors" else name


def _on_the_hub(encoders: Sequence[str]) -> list[str]:
    """Where the weights of pretrained encoders lie on the hub; those that do not are left out."""
    rows = [PRETRAINED[name] for name in encoders if name in PRETRAINED]
    return [row.hub for row in rows if row.hub]


def _is_own(source: str) -> bool:
    return source in (*OWN, "frames") or ".py" in source


def _measured(result: Result) -> dict[str, Any]:
    """One entry of the model index."""
    kind = result.task if result.kind == "few-shot" else "classification"
    names = [dataset_name(source) for source in result.sources]
    return {
        "task": TASK,
        "dataset": {
            "type": names[0] if len(names) == 1 else "mixed",
            "name": f"{result.cache} ({', '.join(names)}), {kind}",
            "split": result.split,
            "args": {"cache_hash": result.cache_hash, "clips": result.n_clips, "classes": [*result.classes]},
        },
        "metrics": [
            {
                "type": _metric(name),
                "name": name,
                "value": round(measure.mean, 4),
                "args": {
                    **_interval(measure),
                    "over": f"{measure.n} {measure.over}",
                    "chance": round(result.chance, 4),
                },
            }
            for name, measure in result.measures.items()
        ],
    }


def _interval(measure: Interval) -> dict[str, list[float]]:
    """The 95 % interval; nothing for a single observation, which has none."""
    if measure.low is None or measure.high is None:
        return {}
    return {"interval_95": [round(measure.low, 4), round(measure.high, 4)]}


def _metric(measure: str) -> str:
    """The hub's name of a measure: UAR is the mean recall of the classes, the others are accuracies."""
    return "recall" if measure.startswith("UAR") else "accuracy"
