"""What a browser makes of the page of a prediction."""

import pytest
from browser import measured_in_browser
from drawn_films import actor, write_actor
from made_up_predictions import film_of, write_prediction

from vidfer.report.prediction_page.write_page import write_prediction_page

MEASURE = """<!doctype html><link rel="icon" href="data:,"><pre id="found"></pre><script>
const widths = [320, 400, 800, 1200], found = {};
for (const width of widths) {
  const frame = document.createElement("iframe");
  frame.width = width; frame.height = 900; frame.src = "index.html" + (width == 800 ? "#input-5" : "");
  frame.onload = () => {
    const page = frame.contentDocument, inputs = [...page.querySelectorAll("details.input")];
    const opened = inputs.map((element) => element.open);
    page.querySelectorAll("details").forEach((element) => element.open = true);
    const images = [...page.images];
    const reached = [...page.querySelectorAll("a, summary, [tabindex]")].map((element) => {
      element.focus(); return page.activeElement == element;
    });
    const scrolls = [...page.querySelectorAll("*")].filter((e) => e.scrollWidth > e.clientWidth + 1 &&
      ["auto", "scroll"].includes(frame.contentWindow.getComputedStyle(e).overflowX));
    const svgs = [...page.querySelectorAll(".row-of-time svg")];
    found[width] = {
      opened, reached: reached.filter(Boolean).length, reachable: reached.length,
      wide: page.documentElement.scrollWidth, inner: page.documentElement.clientWidth,
      broken: images.filter((image) => image.naturalWidth == 0).length, images: images.length,
      stuck: scrolls.filter((e) => e.tabIndex < 0).length,
      rows: svgs.length, filled: svgs.every((svg) => Math.abs(
        svg.getBoundingClientRect().width - svg.parentElement.getBoundingClientRect().width) < 1),
      unnamed: svgs.filter((svg) => !svg.getAttribute("aria-label")).length,
      ids: new Set([...page.querySelectorAll("[id]")].map((e) => e.id)).size ==
        page.querySelectorAll("[id]").length,
      lost: [...page.querySelectorAll("a[href^='#']")].filter(
        (a) => !page.getElementById(a.getAttribute("href").slice(1))).length,
      cut: [...page.querySelectorAll("h1, h2, h3, p, dd, summary, pre, .row-of-time")]
        .filter((e) => e.getBoundingClientRect().right > width).map((e) => e.outerHTML.slice(0, 80)),
    };
    if (Object.keys(found).length == widths.length)
      document.getElementById("found").textContent = JSON.stringify(found);
  };
  document.body.append(frame);
}
</script>"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What the browser measured, its console, and its requests: of 30 clips with one to three people."""
    folder = tmp_path_factory.mktemp("prediction")
    video = folder / "a.mp4"
    write_actor(video, sound=None)
    box = actor()[1].box_xyxy[0]
    inputs = {}
    for number in range(30):
        name = f"a/long/name-without-any-place-to-break_{'x' * 60}{number}.mp4"
        people = {face: "hh??nnss uuuhhnn" for face in range(1 + number % 3)}
        path = folder / f"{number}.mp4"
        path.symlink_to(video)
        inputs[path] = film_of(name, people, box=box, warnings=("small face",) if number % 4 == 0 else ())
    write_prediction_page(write_prediction(folder, inputs))
    return measured_in_browser(folder, MEASURE)


@pytest.mark.parametrize("width", ["320", "400", "800", "1200"])
def test_prediction_page_fits_every_screen(seen, width):
    measured = seen[0][width]
    assert measured["wide"] <= measured["inner"]
    assert measured["cut"] == [] and measured["filled"]


def test_prediction_page_shows_every_picture_and_row(seen):
    for measured in seen[0].values():
        assert measured["images"] > 100 and measured["broken"] == 0
        assert measured["rows"] == 60 and measured["unnamed"] == 0


def test_prediction_page_is_used_by_keyboard(seen):
    for measured in seen[0].values():
        assert measured["reached"] == measured["reachable"] > 60
        assert measured["stuck"] == 0  # what scrolls can be focused


def test_prediction_page_opens_what_is_linked(seen):
    opened = seen[0]["800"]["opened"]
    assert [i for i, is_open in enumerate(opened) if is_open] == [5]
    assert all(measured["lost"] == 0 and measured["ids"] for measured in seen[0].values())
    assert not any(seen[0]["1200"]["opened"])


def test_prediction_page_is_silent_and_alone(seen):
    assert seen[1] == []
    assert {line.split()[1] for line in seen[2]} == {"/measure.html", "/index.html"}
