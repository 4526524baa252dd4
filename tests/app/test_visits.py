"""Files of visitors: apart from each other, readable to nobody else, and deleted in time."""

import os
import stat
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from filelock import FileLock

from vidfer.app.visits import (
    KEEP_S,
    LOCK,
    PREFIX,
    UNCLAIMED_S,
    YOUNG_S,
    Stopped,
    Visits,
    delete_left_behind,
    open_visits,
)

NOW_S = 2_147_000_000.0
"""Later than whatever this machine writes on a file, and early enough for every disk: before 2038-01-19."""


class Clock:
    now_s = NOW_S

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def visits(tmp_path, clock):
    return Visits(tmp_path / "root", clock)


def upload(visits, name, session=None):
    """A file as Gradio leaves it: in a folder that is named after its content."""
    path = visits.uploads / name / "film.mp4"
    path.parent.mkdir()
    path.write_text(name)
    os.utime(path, (NOW_S, NOW_S))
    if session:
        visits.of(session).uploads.add(path)
    return path


def test_each_visitor_has_a_folder_of_their_own(visits):
    ann, bob = visits.of("ann"), visits.of("bob")
    assert ann is visits.of("ann") and ann.folder != bob.folder
    assert len(ann.folder.name) == 32 and "ann" not in str(ann.folder.relative_to(visits.root))


def test_who_leaves_takes_all_files_along(visits):
    mine, others = upload(visits, "a", "ann"), upload(visits, "b", "bob")
    folder = visits.of("ann").new_folder("prediction")
    (folder / "frames.csv").write_text("rows")
    kept = visits.of("bob").new_folder("prediction")
    visits.end("ann")
    visits.end("ann")  # a page may tell it twice
    assert not folder.parent.exists() and not mine.parent.exists()
    assert kept.exists() and others.exists()


def test_the_same_film_of_two_visitors_stays_until_both_are_gone(visits):
    path = upload(visits, "a", "ann")
    visits.of("bob").uploads.add(path)
    visits.end("ann")
    assert path.exists()
    visits.end("bob")
    assert not path.exists()


def test_a_file_elsewhere_is_never_deleted(visits, tmp_path):
    path = tmp_path / "mine.mp4"
    path.write_text("film")
    visits.of("ann").uploads.add(path)
    visits.end("ann")
    assert path.exists()


def test_work_is_stopped_and_its_files_go_when_it_ends(visits):
    with visits.at_work("ann") as visit:
        visit.check()
        visits.end("ann")
        assert visit.folder.exists()
        with pytest.raises(Stopped):
            visit.check()
    assert not visit.folder.exists()


class Gap(threading.Condition):
    """A lock after which something happens once, as another thread may do it."""

    then = None

    def __exit__(self, *error) -> None:
        super().__exit__(*error)
        then, self.then = self.then, None
        if then:
            then()


def test_who_leaves_while_work_ends_leaves_nothing(visits):
    visits._lock = gap = Gap()
    with visits.at_work("ann") as visit:
        gap.then = lambda: visits.end("ann")
    assert not visit.folder.exists()


def test_two_works_that_end_together_leave_nothing(visits):
    visits._lock = gap = Gap()
    one, other = visits.at_work("ann"), visits.at_work("ann")
    visit = one.__enter__()
    other.__enter__()
    visits.end("ann")
    gap.then = lambda: one.__exit__(None, None, None)
    other.__exit__(None, None, None)
    assert not visit.folder.exists()


def test_after_an_hour_without_use_everything_goes(visits, clock):
    idle, used = visits.of("ann").folder, visits.of("bob").folder
    told, of_used = upload(visits, "a", "ann"), upload(visits, "b", "bob")
    clock.now_s += KEEP_S - 1
    visits.of("bob")
    visits.sweep()
    assert idle.exists() and told.exists()
    clock.now_s += 2
    visits.sweep()
    assert not idle.exists() and not told.exists()
    assert used.exists() and of_used.exists()  # an hour after its last use, not after it came


def test_an_upload_that_no_page_claims_goes_soon(visits, clock):
    path = upload(visits, "a")
    clock.now_s += UNCLAIMED_S
    visits.sweep()
    assert path.exists()  # the page may still tell whose it is
    clock.now_s += 1
    visits.sweep()
    assert not path.parent.exists()


def test_the_sweep_goes_on_where_a_folder_goes_meanwhile(visits, clock, monkeypatch):
    files = [upload(visits, name) for name in "ab"]
    scan = os.scandir

    def delete_others_and_scan(path):
        for file in files:
            if file.parent.parent == Path(path).parent and file.parent != Path(path):
                visits.received.delete(file)
        return scan(path)

    monkeypatch.setattr(os, "scandir", delete_others_and_scan)
    clock.now_s += UNCLAIMED_S + 1
    visits.sweep()
    monkeypatch.undo()
    assert [*visits.uploads.iterdir()] == []


def test_who_has_left_is_not_served_any_more(visits):
    """What a page has asked for last may come after the end of its connection."""
    visits.arrive("ann")
    folder = visits.of("ann").folder
    visits.leave("ann")
    assert not folder.exists()
    with pytest.raises(Stopped):
        visits.of("ann")
    with pytest.raises(Stopped), visits.at_work("ann"):
        pass
    assert [*folder.parent.iterdir()] == []
    visits.arrive("ann")  # only the connection was lost
    assert visits.of("ann").folder.exists()


def test_a_page_is_open_as_long_as_one_of_its_connections(visits):
    visits.arrive("ann")
    visits.arrive("ann")
    folder = visits.of("ann").folder
    visits.leave("ann")
    assert folder.exists()
    visits.leave("ann")
    assert not folder.exists()


def test_an_upload_that_breaks_off_goes_when_no_other_one_is_coming(visits):
    with visits.received.coming():
        with suppress(OSError), visits.received.coming():
            (visits.uploads / "tmp1").write_text("half of a film")
            raise OSError("the connection is lost")
        assert (visits.uploads / "tmp1").exists()  # it cannot be told from the one that is coming
        visits.sweep()
        assert (visits.uploads / "tmp1").exists()
    assert [*visits.uploads.iterdir()] == []


def test_work_of_somebody_who_has_left_keeps_its_film(visits):
    """Others may have dropped the same film; it is one file."""
    path = upload(visits, "a", "ann")
    visits.of("bob").uploads.add(path)
    visits.arrive("ann"), visits.arrive("bob")
    with visits.at_work("ann"):
        visits.leave("ann"), visits.leave("bob")
        assert path.exists()
    assert not path.exists()


def test_nothing_begins_once_the_app_ends(visits):
    visits.of("ann")
    visits.end_all()
    with pytest.raises(Stopped):
        visits.of("bob")
    assert not visits.root.exists()


def test_what_is_being_worked_on_stays(visits, clock):
    path = upload(visits, "a", "ann")
    with visits.at_work("ann") as visit:
        clock.now_s += 2 * KEEP_S
        visits.sweep()
        assert path.exists() and visit.folder.exists()
    visits.sweep()
    assert visit.folder.exists()  # the hour begins when the work ends
    clock.now_s += KEEP_S + 1
    visits.sweep()
    assert not visit.folder.exists()


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """An empty folder for temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_nobody_else_reads_the_folder_and_it_goes_at_the_end(temporary):
    with open_visits() as visits:
        assert visits.root.parent == temporary
        assert stat.S_IMODE(visits.root.stat().st_mode) == 0o700
        upload(visits, "a", "ann")
    assert list(temporary.iterdir()) == []


def test_the_end_waits_for_work_that_still_writes(temporary):
    begun = threading.Event()

    def work(visits) -> None:
        with visits.at_work("ann") as visit:
            number = 0
            while not visit.stop.is_set():
                number += 1
                (visit.folder / str(number)).mkdir()
                begun.set()
            for last in range(500):  # it looks only now and then whether it is to stop
                with suppress(OSError):
                    (visit.folder / f"{last}.csv").write_text("x")

    with open_visits() as visits:
        thread = threading.Thread(target=work, args=(visits,))
        thread.start()
        begun.wait()
    thread.join()
    assert [*temporary.iterdir()] == []


def test_what_a_killed_app_has_left_goes_and_a_running_one_is_left_alone(temporary):
    roots = {name: temporary / f"{PREFIX}{name}" for name in ("dead", "running", "young", "foreign")}
    for root in roots.values():
        (root / "uploads").mkdir(parents=True)
    for name in ("dead", "running", "young"):
        (roots[name] / LOCK).touch()
    now_s = time.time()
    old_s = now_s - YOUNG_S - 5
    os.utime(roots["young"], (now_s + 3600, now_s + 3600))  # however slow this machine is
    for name in ("dead", "running", "foreign"):
        os.utime(roots[name], (old_s, old_s))
    (temporary / f"{PREFIX}file").write_text("no folder")
    with FileLock(roots["running"] / LOCK):
        os.utime(roots["running"], (old_s, old_s))
        delete_left_behind()
    assert [name for name, root in roots.items() if root.exists()] == ["running", "young", "foreign"]
    assert (temporary / f"{PREFIX}file").exists()
