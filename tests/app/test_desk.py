"""Several visitors at once, and faults that nobody has foreseen."""

import re
import threading
from pathlib import Path

import pytest
from patience import PATIENCE_S
from small_films import actor, write_film

from vidfer.actors.two_people import draw_two_people
from vidfer.app.desk import OWN, STOPPED, Desk
from vidfer.app.limits import Limits
from vidfer.app.visits import Visits
from vidfer.infer.predictor import load


@pytest.fixture(scope="module")
def predictor():
    return load()


@pytest.fixture
def desk(tmp_path, predictor):
    return Desk(predictor, Visits(tmp_path / "root"), Limits(), str, draw_two_people)


def quiet(share: float, text: str) -> None:
    pass


def test_two_visitors_at_once_do_not_mix(desk):
    names = {"ann": 5, "bob": 8}
    for name, n_frames in names.items():
        write_film(desk.visits.uploads / name / "film.mp4", actor(n_frames=n_frames))
    told = {}

    def visit(name: str) -> None:
        told[name] = desk.predict(name, desk.visits.uploads / name / "film.mp4", "app", False, quiet)

    threads = [threading.Thread(target=visit, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, n_frames in names.items():
        folders = {Path(path).parents[1] for path in re.findall(r'href="([^"]+)"', told[name])}
        assert folders == {desk.visits.of(name).folder} and f"{n_frames} frames" in told[name]
    desk.visits.end("ann")
    assert len(list(desk.visits.of("bob").folder.rglob("frames.csv"))) == 1
    assert not (desk.visits.uploads / "ann").exists() and (desk.visits.uploads / "bob").exists()


def test_expressions_of_one_visitor_are_not_those_of_another(desk, tmp_path):
    film = write_film(desk.visits.uploads / "a" / "film.mp4", actor(n_frames=5))
    desk.visits.of("ann").own = object()
    assert "not here any more" in desk.predict("bob", film, OWN, False, quiet)


def test_who_tries_own_expressions_on_an_example_is_told(desk):
    film = write_film(desk.visits.uploads / "a" / "film.mp4", actor(n_frames=5))
    visit = desk.visits.of("ann")
    visit.own, visit.examples = desk.predictor, {film}
    assert "one of the examples" in desk.predict("ann", film, OWN, False, quiet)
    assert "one of the examples" not in desk.predict("ann", film, "app", False, quiet)


def test_a_wish_to_stop_is_over_when_the_visitor_begins_again(desk):
    film = write_film(desk.visits.uploads / "a" / "film.mp4", actor(n_frames=5))
    desk.stop("ann")
    assert "Stopped" in desk.predict("ann", film, "app", False, quiet)
    desk.begin("ann")
    assert "5 frames" in desk.predict("ann", film, "app", False, quiet)


def test_who_waits_for_another_film_is_told_so_and_can_stop(desk):
    for name in ("ann", "bob"):
        write_film(desk.visits.uploads / name / "film.mp4", actor(n_frames=5))
    begun, go_on, told, texts = threading.Event(), threading.Event(), [], {}

    def hold(share: float, text: str) -> None:
        begun.set()
        assert go_on.wait(PATIENCE_S)

    def stop(share: float, text: str) -> None:
        told.append(text)
        desk.stop("bob")

    def visit(name: str, progress) -> None:
        texts[name] = desk.predict(name, desk.visits.uploads / name / "film.mp4", "app", False, progress)

    ann = threading.Thread(target=visit, args=("ann", hold))
    ann.start()
    assert begun.wait(PATIENCE_S)
    visit("bob", stop)
    assert "Stopped" in texts["bob"] and told == ["waiting: 1 before you"] and "ann" not in texts
    go_on.set()
    ann.join()
    assert "5 frames" in texts["ann"]


def test_the_place_of_a_film_is_not_told(desk):
    film = desk.visits.uploads / "a" / "film.mp4"
    film.parent.mkdir()
    film.write_bytes(b"\xff\0" * 999)
    text = desk.predict("ann", film, "app", False, quiet)
    assert "film.mp4 cannot be read" in text and str(desk.visits.root) not in text


def test_a_fault_of_ours_is_a_sentence_for_the_visitor_and_a_traceback_for_the_terminal(desk, caplog):
    film = write_film(desk.visits.uploads / "a" / "film.mp4", actor(n_frames=5))

    def break_down(share: float, text: str) -> None:
        raise ZeroDivisionError

    assert "fault of the app" in desk.predict("ann", film, "app", False, break_down)
    assert "ZeroDivisionError" in caplog.text
    text, classes = desk.teach("ann", [("pout", [film]), ("wink", [film])], [], break_down)
    assert "fault of the app" in text and classes is None


def test_what_a_page_has_asked_for_before_it_was_left_is_not_begun(desk):
    film = write_film(desk.visits.uploads / "a" / "film.mp4", actor(n_frames=5))
    desk.visits.arrive("ann")
    desk.visits.leave("ann")
    desk.begin("ann"), desk.stop("ann"), desk.uploaded("ann", [film])
    assert STOPPED in desk.predict("ann", film, "app", False, quiet)
    assert STOPPED in desk.look("ann", actor(n_frames=1)[0], "app")
    text, classes = desk.teach("ann", [("one", [film]), ("two", [film])], [], quiet)
    assert STOPPED in text and classes is None and desk.example("ann") is None
    assert [*desk.visits.root.rglob("*.csv")] == [] and not (desk.visits.root / "results").exists()


def test_what_takes_a_while_waits_in_the_queue(desk):
    """Gradio answers all else at once, and tells it with a traceback if the app ends meanwhile."""
    pytest.importorskip("gradio")
    from vidfer.app.page import build_page

    queued = {event.name for event in build_page(desk, is_loopback=True).fns.values() if event.queue}
    assert queued == {"draw", "look", "predict", "teach"}


def test_the_film_of_drawn_people_stays_when_its_visitor_leaves(desk, tmp_path):
    """Gradio looks at it once more before the page gets it."""
    drawn = []

    def draw(folder: Path) -> Path:
        drawn.append(folder)
        (folder / "drawn.mp4").write_text("a film")
        return folder / "drawn.mp4"

    desk._draw_film = draw
    desk.visits.arrive("ann")
    path = desk.example("ann")
    desk.uploaded("ann", [path])
    desk.visits.leave("ann")
    assert path.exists() and desk.example("bob") == path and len(drawn) == 1
