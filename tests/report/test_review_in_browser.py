"""The page of a review, driven with keys in a browser, from the first key to the table on disk."""

import threading

import pytest
from driven_browser import driven_browser
from review_runs import write_review_run

from vidfer.learn.round_table import open_round
from vidfer.report.review_clips import RoundReview
from vidfer.report.review_server import ReviewServer
from vidfer.tables import read_table

LOADED = "state && document.querySelectorAll('#tiles li').length == 8"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with driven_browser(tmp_path_factory.mktemp("browser") / "profile") as browser:
        yield browser


@pytest.fixture
def run(tmp_path):
    return write_review_run(tmp_path)


@pytest.fixture
def serve():
    """serve(run) -> the address of a review of it."""
    started = []

    def start(run, note="") -> str:
        server = ReviewServer(RoundReview(open_round(run)), note=note)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        started.append((server, thread))
        return server.address

    yield start
    for server, thread in started:
        server.shutdown()
        server.server_close()
        thread.join()


def words(run) -> dict[str, str]:
    rows = read_table(run / "pseudo_labels" / "round1.csv", ("clip", "corrected"))
    return {row["clip"]: row["corrected"] for row in rows if row["corrected"]}


def press(browser, key: str, title: str) -> None:
    """Presses a key, and waits until the page shows a clip."""
    browser.press(key)
    browser.wait(f"!busy && !loading && document.querySelector('#name').textContent == {title!r}")


def test_from_the_first_key_to_the_table(browser, run, serve):
    browser.console.clear()
    browser.look(1280, 900)
    browser.open(serve(run))
    browser.wait(LOADED)
    text = "document.querySelector({!r}).textContent"
    assert browser.run(text.format("#name")) == "a/2.mp4"  # the least sure one
    assert browser.run(text.format("#count")) == "0 of 4 looked at"
    press(browser, "3", "a/0.mp4")
    assert words(run) == {"a/2.mp4": "sad"}
    press(browser, "Enter", "a/1.mp4")
    assert words(run) == {"a/2.mp4": "sad", "a/0.mp4": "ok"}
    press(browser, "d", "long@1")
    assert words(run) == {"a/2.mp4": "sad", "a/0.mp4": "ok", "a/1.mp4": "drop"}
    assert browser.run(text.format("#count")) == "3 of 4 looked at"
    press(browser, "u", "a/1.mp4")
    assert words(run) == {"a/2.mp4": "sad", "a/0.mp4": "ok"}
    press(browser, "D", "long@1")  # with the shift key, too
    press(browser, "1", "long@1")
    browser.wait("document.querySelector('#word').textContent.includes('all clips are looked at')")
    assert words(run) == {"a/2.mp4": "sad", "a/0.mp4": "ok", "a/1.mp4": "drop", "long@1": "angry"}
    press(browser, "Delete", "long@1")
    assert "long@1" not in words(run)
    # Keys of the browser itself, and keys without a meaning, write nothing.
    browser.press("x")
    browser.press("0")
    assert browser.run("busy") is False and "long@1" not in words(run)
    assert browser.console == []


def test_the_review_goes_on_where_it_was(browser, run, serve):
    browser.open(serve(run))
    browser.wait(LOADED)
    press(browser, "2", "a/0.mp4")
    browser.open(serve(run))  # another start
    browser.wait(LOADED)
    assert browser.run("document.querySelector('#name').textContent") == "a/0.mp4"
    browser.run("document.querySelector('#only').value = 'done'")
    browser.run("document.querySelector('#only').dispatchEvent(new Event('change'))")
    browser.wait("document.querySelector('#word').textContent == 'you: happy'")
    assert browser.run("document.querySelector('#choices [aria-pressed=true]').dataset.word") == "happy"


def test_a_click_does_not_make_enter_mean_another_label(browser, run, serve):
    browser.open(serve(run))
    browser.wait(LOADED)
    browser.click("#choices button:nth-child(3)")
    browser.wait("!busy && !loading && document.querySelector('#name').textContent == 'a/0.mp4'")
    press(browser, "Enter", "a/1.mp4")
    assert words(run) == {"a/2.mp4": "sad", "a/0.mp4": "ok"}


def test_a_key_before_the_faces_are_there_says_nothing(browser, run, serve):
    browser.open(serve(run))
    browser.wait(LOADED)
    assert browser.run("show(at); loading") is True
    browser.wait("!loading")
    browser.run("loading = true")
    for key in ("1", "Enter", "d"):
        browser.press(key)
    assert browser.run("busy") is False and words(run) == {}
    browser.run("loading = false")
    press(browser, "1", "a/0.mp4")
    assert words(run) == {"a/2.mp4": "angry"}


def test_clips_of_one_film_can_be_looked_for(browser, run, serve):
    browser.open(serve(run))
    browser.wait(LOADED)
    browser.run("document.querySelector('#find').focus()")
    for key in "A/1":
        browser.press(key)
    browser.wait("!loading && document.querySelector('#name').textContent == 'a/1.mp4'")
    assert words(run) == {}  # what is typed there is no label
    press(browser, "Enter", "a/1.mp4")
    press(browser, "2", "a/1.mp4")
    browser.wait("document.querySelector('#word').textContent.endsWith('no other clip is like that')")
    assert words(run) == {"a/1.mp4": "happy"}


def test_with_the_tab_key_alone(browser, run, serve):
    browser.open(serve(run))
    browser.wait(LOADED)
    for _ in range(4):  # which clips to show, of which films, the first class, the second class
        browser.press("Tab")
    assert browser.run("document.activeElement.dataset.word") == "happy"
    press(browser, "Enter", "a/0.mp4")
    assert words(run) == {"a/2.mp4": "happy"}


def test_a_fault_is_told_and_nothing_seems_written(browser, run, serve):
    browser.open(serve(run))
    browser.wait(LOADED)
    table = run / "pseudo_labels" / "round1.csv"
    table.rename(table.with_suffix(".away"))
    browser.press("1")
    browser.wait("!busy && document.querySelector('#fault').textContent.includes('Nothing was written')")
    assert "round1.csv is gone" in browser.run("document.querySelector('#fault').textContent")
    assert browser.run("document.querySelector('#name').textContent") == "a/2.mp4"
    assert browser.run("state.items[0].word") == ""
    table.with_suffix(".away").rename(table)
    press(browser, "1", "a/0.mp4")
    assert browser.run("document.querySelector('#fault').textContent") == ""
    assert words(run) == {"a/2.mp4": "angry"}


def test_what_another_program_has_written_appears(browser, run, serve):
    browser.open(serve(run))
    browser.wait(LOADED)
    table = run / "pseudo_labels" / "round1.csv"
    table.write_text(table.read_text().replace("long@1,,", "long@1,happy,"))
    press(browser, "1", "a/0.mp4")
    browser.wait("document.querySelector('#count').textContent == '2 of 4 looked at'")
    assert words(run) == {"a/2.mp4": "angry", "long@1": "happy"}


def test_the_faces_move_and_can_be_stopped(browser, run, serve):
    grey = "document.querySelector('#film').getContext('2d').getImageData(9, 9, 1, 1).data[0]"
    browser.look(1280, 900)
    browser.open(serve(run))
    browser.wait(LOADED)
    browser.wait(f"{grey} > 60")  # each frame is brighter than the one before
    browser.press("p")
    browser.run("new Promise((done) => setTimeout(done, 300))")
    assert browser.run(grey) == browser.run(f"new Promise((d) => setTimeout(() => d({grey}), 400))")
    browser.look(1280, 900, still=True)
    browser.open(serve(run))
    browser.wait(LOADED)
    assert browser.run("paused") is True


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [320, 400, 800, 1280])
def test_the_page_fits_and_can_be_read(browser, run, serve, width, dark):
    browser.look(width, 900, dark=dark)
    browser.open(serve(run, note="A note."))
    browser.wait(LOADED)
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")
    cut = "[...document.querySelectorAll('button, h1, h2, p:not(.unseen)')]"
    assert (
        browser.run(f"{cut}.filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.outerHTML)") == []
    )
    for selector in ("#name", "#detail", "#count", ".name", ".share", "#ok .name", "kbd", ".said", "#note"):
        assert browser.run(f"({CONTRAST})({selector!r})") >= 4.5, selector
    roles = "[...document.querySelectorAll('button')].every((e) => e.textContent.trim())"
    assert browser.run(roles) and browser.run("document.querySelector('#film').getAttribute('aria-label')")


CONTRAST = """(selector) => {
  const light = (colour) => {
    const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const element = document.querySelector(selector), paper = (e) => getComputedStyle(e).backgroundColor;
  let behind = element;
  while (paper(behind).endsWith(", 0)")) behind = behind.parentElement;
  const both = [light(getComputedStyle(element).color), light(paper(behind))].sort((a, b) => a - b);
  return (both[1] + 0.05) / (both[0] + 0.05);
}"""
"""The contrast of a text with what is behind it (WCAG 2.1)."""
