"""What a checkpoint has seen, read from run folders and seen from one cache."""

import json

import pytest
from crop_caches import write_cache
from refused import refused
from small_runs import clips, write_run

from vidfer.errors import DataError, RunError
from vidfer.runs.provenance import read_provenance


@pytest.fixture
def cache(tmp_path):
    return write_cache(tmp_path / "c.h5", clips(), size_px=32)


@pytest.mark.parametrize("named", ["first", "first/checkpoints/best"])
def test_the_clips_of_the_run_and_of_those_it_started_from_are_seen(named, cache, tmp_path):
    write_run(tmp_path / "first", cache, train=range(8, 10), test=range(0))
    of_second = {"train": range(12, 13), "test": range(0), "init": str(tmp_path / named)}
    write_run(tmp_path / "second", cache, **of_second)
    teacher = str(tmp_path / named.replace("first", "second"))
    run = write_run(tmp_path / "run", cache, train=range(4), test=range(4, 8), teacher=teacher)
    found = read_provenance(run, cache, {})
    assert found.run_name == "run" and found.held_out is None and found.fold == {}
    assert found.seen == [0, 1, 2, 3, 8, 9, 12] and found.warnings == ()
    assert (found.parts["train"], found.parts["test"]) == ([0, 1, 2, 3], [4, 5, 6, 7])
    assert found.disjoint_by(cache, [4, 5]) == "subject" and found.disjoint_by(cache, [3, 4]) == "nothing"
    assert found.record(cache, [4]) == {"disjoint_by": "subject"} and found.warnings_about(cache, [4]) == []
    found.check_unseen(cache, [4, 5], "the clips")
    with refused(DataError, "run", "1 of the clips", "'08.mp4'", "c.h5", "--split test"):
        found.check_unseen(cache, [4, 8], "the clips")


def test_runs_are_found_from_another_folder_than_they_were_started_in(cache, tmp_path, monkeypatch):
    """Settings hold paths as they were typed; a folder of the same name elsewhere is another run."""
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    for place, train in ((project, range(8, 10)), (elsewhere, range(12, 13))):
        write_run(place / "runs" / "first", cache, train=train, test=range(0), out="runs/first")
    start = {"teacher": "runs/first", "out": "runs/run"}
    run = write_run(project / "runs" / "run", cache, train=range(4), test=range(4, 8), **start)
    moved = write_run(tmp_path / "moved", cache, train=range(4), test=range(4, 8), **start)
    monkeypatch.chdir(elsewhere)
    assert read_provenance(run, cache, {}).seen == [0, 1, 2, 3, 8, 9]
    assert read_provenance(moved, cache, {}).seen == [0, 1, 2, 3, 12]  # nothing tells where it was started


def test_clips_of_other_caches_are_known_by_their_ids_only(cache, tmp_path):
    other = write_cache(tmp_path / "other.h5", clips(), size_px=40)
    run = write_run(tmp_path / "run", other, train=range(3), test=range(4, 8))
    found = read_provenance(run, cache, {})
    assert found.seen == [] and found.parts["train"] == []
    assert found.seen_elsewhere == {"00.mp4", "01.mp4", "02.mp4"}
    (warning,) = found.warnings_about(cache, [2, 3])
    assert warning.startswith("1 of these clips") and found.disjoint_by(cache, [2]) == "not known"


def test_without_a_run_folder_nothing_is_known(cache, tmp_path):
    found = read_provenance(tmp_path / "a" / "b" / "best", cache, {})
    assert (found.data, found.settings, found.seen, found.held_out) == ({}, {}, [], None)
    assert len(found.warnings_about(cache, [0])) == 1 and found.disjoint_by(cache, [0]) == "not known"


def test_a_fold_is_held_out(cache, tmp_path):
    fold = {"name": "2/3", "of": 3, "held_out": ["05.mp4", "09.mp4"], "division_hash": "d0"}
    run = write_run(tmp_path / "run", cache, train=range(4), test=range(5, 6), fold=fold)
    found = read_provenance(run, cache, {"fold": "2/3"})
    assert found.held_out == [5, 9]
    assert found.record(cache, [5]) == {
        "disjoint_by": "subject",
        "fold": "2/3",
        "folds": 3,
        "division_hash": "d0",
    }
    other = write_cache(tmp_path / "other.h5", clips(), size_px=40)
    assert read_provenance(run, other, {"fold": "2/3"}).fold == {}
    (tmp_path / "run" / "data.json").unlink()
    with refused(RunError, run, "2/3", "data.json"):
        read_provenance(run, cache, {"fold": "2/3"})


def test_a_damaged_file_of_the_run_is_named(cache, tmp_path):
    run = write_run(tmp_path / "run", cache, train=range(4), test=range(0))
    (tmp_path / "run" / "data.json").write_text(json.dumps({"train": []})[:-3])
    with refused(RunError, tmp_path / "run" / "data.json"):
        read_provenance(run, cache, {})


def test_a_person_in_another_spelling_was_seen(tmp_path):
    people = [clip | {"subject": "ANN" if i == 0 else "ann" if i == 5 else clip["subject"]}
              for i, clip in enumerate(clips())]  # fmt: skip
    cache = write_cache(tmp_path / "c.h5", people, size_px=32)
    run = write_run(tmp_path / "run", cache, train=range(4), test=range(4, 8))
    with refused(DataError, "'ann'", "c.h5"):
        read_provenance(run, cache, {}).check_unseen(cache, [4, 5], "the clips")
    read_provenance(run, cache, {}).check_unseen(cache, [4, 6], "the clips")


def test_ids_of_other_caches_are_known_in_another_spelling(tmp_path):
    nfc, nfd = ([{"id": f"{name}/1.mp4"}, {"id": "b.mp4"}] for name in ("z\xf6e", "zo\u0308e"))
    other = write_cache(tmp_path / "other.h5", nfd, size_px=32)
    cache = write_cache(tmp_path / "c.h5", nfc, size_px=40)
    run = write_run(tmp_path / "run", other, train=range(1, 2), test=range(0))
    (warning,) = read_provenance(run, cache, {}).warnings_about(cache, [1])
    assert warning.startswith("1 of these clips") and cache.clips[1].id == "z\xf6e/1.mp4"
