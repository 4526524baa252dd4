"""Result files of an earlier vidfer are read under the names of today."""

import json

import pytest

from vidfer.evaluate.migrate import upgrade
from vidfer.evaluate.result import load_result

OLD = {
    "kind": "few-shot",
    "measures": {
        "accuracy": {
            "mean": 0.625,
            "low": 0.5,
            "high": 0.75,
            "n": 4,
            "over": "episodes",
            "method": "mean ± 1.96 sd/√n",
        }
    },
    "chance": 0.5,
    "seed": 3,
    "split": "test",
    "classes": ["angry", "fear"],
    "n_clips": 1,
    "n_without_face": 0,
    "n_subjects": 1,
    "sources": ["afew"],
    "cache": "afew.h5",
    "cache_hash": "ab",
    "checkpoint_hash": "cd",
    "protocol": {
        "ways": 2,
        "shots": 1,
        "queries": 1,
        "queries_of": "other people",
        "episodes": 4,
        "episodes_hash": "e0",
        "head": "CSRNHead",
        "inference": "inductive",
        "n_frames": 8,
        "asked": "--novel angry fear --ways 2 --other-people --seed 3",
    },
    "per_class": [{"class": "fear", "clips": 1, "asked": 8, "accuracy": 0.625, "without_face": 0}],
    "confusion": [[0, 0, 0], [3, 5, 0]],
    "rows": [
        {
            "clip": "1.mp4",
            "subject": "p1",
            "label": "fear",
            "has_face": True,
            "asked": 8,
            "accuracy": 0.625,
            "confused_with": "angry",
            "answers": {"angry": 3, "fear": 5},
            "on_others": [0.1, -0.1],
        }
    ],
    "curve": [{"shots": 1, "mean": 0.6, "low": 0.5, "high": 0.7, "episodes": 4, "beyond": {"over": "clips"}}],
    "same_person": {"asked": 6, "right": 3, "others_asked": 4, "others_right": 1},
    "note": "",
    "vidfer_version": "0.1.0",
    "schema_version": 1,
}
"""As an earlier vidfer wrote it."""


def load(tmp_path, **changes):
    path = tmp_path / "old.json"
    path.write_text(json.dumps(OLD | changes))
    return load_result(path)


def test_all_names_are_those_of_today(tmp_path):
    result = load(tmp_path)
    assert result.schema_version == 2 and result.main.mean == 0.625
    assert result.rows[0]["n_queries"] == 8 and result.rows[0]["jackknife_influence"] == [0.1, -0.1]
    assert result.per_class[0]["n_queries"] == 8 and result.curve[0]["over_clips"] == {"over": "clips"}
    assert result.identity_overlap == {
        "same_queries": 6,
        "same_right": 3,
        "other_queries": 4,
        "other_right": 1,
    }
    assert result.protocol["request"] == "--novel angry fear --ways 2 --person-disjoint --seed 3"
    assert result.person_disjoint and not result.support_fixed
    old_names = {"asked", "on_others", "beyond", "queries_of", "same_person"}
    entries = (result.rows[0], result.per_class[0], result.curve[0], result.protocol)
    assert not old_names & {name for entry in entries for name in entry}
    result.save(tmp_path / "new.json")
    assert load_result(tmp_path / "new.json") == result


@pytest.mark.parametrize("queries_of", ["anybody", None])
def test_episodes_of_anybody_are_not_person_disjoint(tmp_path, queries_of):
    protocol = {name: value for name, value in OLD["protocol"].items() if name not in ("queries_of", "asked")}
    protocol |= {} if queries_of is None else {"queries_of": queries_of}
    result = load(tmp_path, protocol=protocol)
    assert result.protocol["person_disjoint"] is False and "request" not in result.protocol


def test_a_classification_has_no_kind_of_episode(tmp_path):
    measures = dict.fromkeys(("WAR", "UAR"), OLD["measures"]["accuracy"])
    changes = {"protocol": {"n_frames": 8}, "same_person": None, "measures": measures}
    result = load(tmp_path, kind="classification", **changes)
    assert result.protocol == {"n_frames": 8} and result.identity_overlap is None


def test_files_from_before_a_field_are_read(tmp_path):
    values = {name: value for name, value in OLD.items() if name != "same_person"}
    (tmp_path / "old.json").write_text(json.dumps(values))
    assert load_result(tmp_path / "old.json").identity_overlap is None


def test_files_of_today_stay_as_they_are():
    today = {"schema_version": 2, "rows": [{"asked": 1}]}
    assert upgrade(today) is today
