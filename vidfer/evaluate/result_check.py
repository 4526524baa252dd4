"""Check the content of a result file once, when it is read."""

from __future__ import annotations

NUMBER = (int, float)
TYPES = {
    "kind": str,
    "measures": dict,
    "chance": NUMBER,
    "seed": int,
    "split": str,
    "classes": list,
    "n_clips": int,
    "n_without_face": int,
    "n_subjects": (int, type(None)),
    "sources": list,
    "cache": str,
    "cache_hash": str,
    "checkpoint_hash": str,
    "protocol": dict,
    "per_class": list,
    "confusion": list,
    "rows": list,
    "curve": list,
    "identity_overlap": (dict, type(None)),
    "note": str,
    "vidfer_version": str,
}
"""Type of each entry, as JSON gives it."""

OF_MEASURE = {
    "mean": NUMBER,
    "low": (*NUMBER, type(None)),
    "high": (*NUMBER, type(None)),
    "n": int,
    "over": str,
    "method": str,
}
OF_CLASS = {"class": str, "clips": int, "n_queries": int, "without_face": int}
OF_ROW = {"clip": str, "has_face": bool, "n_queries": int}
OF_POINT = {"shots": int, "mean": NUMBER, "episodes": int}
OF_OVERLAP = dict.fromkeys(("same_queries", "same_right", "other_queries", "other_right"), int)
"""Type of the entries that every measure, class, clip and point of the curve has."""


def check_result(values: dict) -> None:
    """Raise a ValueError unless the entries of a result file of today's schema have the right types.

    Args:
        values: with all entries of a :class:`vidfer.evaluate.result.Result`.
    """
    _check(values, TYPES, "the file")
    if values["kind"] not in ("classification", "few-shot") or not values["measures"]:
        raise ValueError(f"it is of the kind {values['kind']!r} with {len(values['measures'])} measures")
    for name, measure in values["measures"].items():
        _check(measure, OF_MEASURE, f"measure {name}")
        if (measure["low"] is None) != (measure["high"] is None):
            raise ValueError(f"measure {name} has one end of an interval")
    if values["kind"] == "few-shot":
        _check(values["protocol"], {"ways": int, "shots": int}, "protocol")
    elif not {"WAR", "UAR"} <= values["measures"].keys():
        raise ValueError("WAR or UAR is missing")
    if values["identity_overlap"] is not None:
        _check(values["identity_overlap"], OF_OVERLAP, "identity_overlap")
    for part, types in (("per_class", OF_CLASS), ("rows", OF_ROW), ("curve", OF_POINT)):
        for number, entry in enumerate(values[part]):
            _check(entry, types, f"{part}[{number}]")
    if not all(isinstance(name, str) for name in (*values["classes"], *values["sources"])):
        raise ValueError("classes and sources are names")
    for row in values["confusion"]:
        if not (isinstance(row, list) and all(type(count) is int and count >= 0 for count in row)):
            raise ValueError("confusion holds something that is no count")


def _check(values: object, types: dict, what: str) -> None:
    if not isinstance(values, dict):
        raise ValueError(f"{what} is not a JSON object")
    for name, kind in types.items():
        value = values.get(name)
        wrong = name not in values or not isinstance(value, kind)
        if wrong or (isinstance(value, bool) and kind is not bool) or (kind is int and value < 0):
            raise ValueError(f"{name} of {what} is {value!r:.60}")
