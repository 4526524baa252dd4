"""What visitors may do wrong when they teach expressions; learning itself is tested through the page."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from refused import refused
from small_films import actor, nobody, write_film

from vidfer.app.limits import Limits
from vidfer.app.teach import MOST_EXAMPLES, teach
from vidfer.app.visits import Stopped, Visits
from vidfer.errors import DataError

NO_NETWORK = SimpleNamespace(classifier=SimpleNamespace(about={}), device="cpu")
"""These faults are found before a network is asked."""
FILM = Path("film.mp4")


@pytest.fixture
def visit(tmp_path):
    return Visits(tmp_path / "root").of("ann")


@pytest.mark.parametrize(
    ("given", "facts"),
    [
        ([], ["two expressions"]),
        ([("pout", [FILM]), ("", [])], ["two expressions"]),
        ([("pout", [FILM]), ("wink", [])], ["'wink'", "no example"]),
        ([("pout", [FILM]), ("", [FILM])], ["film.mp4", "no name"]),
        ([("pout", [FILM]), (" Pout ", [FILM])], ["'Pout'", "its own"]),
        ([("pout", [FILM]), ("Neutral", [FILM])], ["'Neutral'", "none of these"]),
        (
            [("pout", [FILM]), ("wink", [FILM] * MOST_EXAMPLES)],
            [MOST_EXAMPLES + 1, MOST_EXAMPLES, "vidfer learn"],
        ),
        ([("pout", [FILM]), ("wink", [FILM])], ["film.mp4", "again"]),
    ],
)
def test_a_mistake_is_told(visit, given, facts):
    with refused(DataError, *facts):
        teach(given, [], NO_NETWORK, visit, Limits())
    assert visit.own is None


def test_examples_have_the_limits_of_films(visit, tmp_path):
    film = write_film(tmp_path / "long.mp4", nobody(20))
    with refused(DataError, "long.mp4", "0:02.0"):
        teach([("pout", [film]), ("wink", [film])], [], NO_NETWORK, visit, Limits(max_seconds=1))


def test_learning_stops_when_the_visitor_wants_no_more(visit, tmp_path):
    films = [write_film(tmp_path / f"{i}.mp4", actor(i, n_frames=2)) for i in range(2)]
    visit.stop.set()
    with pytest.raises(Stopped):
        teach([("pout", films[:1]), ("wink", films[1:])], [], NO_NETWORK, visit, Limits())
