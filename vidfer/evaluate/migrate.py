"""Reads result files of an earlier vidfer: gives their entries the names of today."""

from __future__ import annotations

SCHEMA_VERSION = 2
"""An earlier vidfer wrote schema 1, with other names; 2 is :class:`vidfer.evaluate.result.Result`."""

OF_ROW = {"asked": "n_queries", "on_others": "jackknife_influence"}
OF_POINT = {"beyond": "over_clips"}
OF_OVERLAP = {
    "asked": "same_queries",
    "right": "same_right",
    "others_asked": "other_queries",
    "others_right": "other_right",
}


def upgrade(values: dict) -> dict:
    """The content of a result file of schema 1 in schema 2; another content is given back as it is."""
    if values.get("schema_version") != 1:
        return values
    new = values | {"schema_version": SCHEMA_VERSION}
    overlap = new.pop("same_person", None)
    new["identity_overlap"] = None if overlap is None else _renamed(overlap, OF_OVERLAP)
    for part, names in (("rows", OF_ROW), ("per_class", OF_ROW), ("curve", OF_POINT)):
        if part in new:
            new[part] = [_renamed(entry, names) for entry in new[part]]
    protocol = _renamed(new.get("protocol", {}), {"asked": "request"})
    queries_of = protocol.pop("queries_of", "anybody")
    if new.get("kind") == "few-shot":
        protocol["person_disjoint"] = queries_of == "other people"
    if "request" in protocol:
        protocol["request"] = protocol["request"].replace("--other-people", "--person-disjoint")
    return new | {"protocol": protocol}


def _renamed(values: dict, names: dict[str, str]) -> dict:
    return {names.get(name, name): value for name, value in values.items()}
