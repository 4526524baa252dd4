"""What a browser makes of the page; skips where none is installed."""

import pytest
from browser import measured_in_browser

from vidfer.report.build import build_report

# The page itself allows no script, so one around it measures: it shows the page in frames of several widths.
MEASURE = """<!doctype html><link rel="icon" href="data:,"><pre id="found"></pre><script>
const widths = [320, 400, 800, 1200], found = {};
for (const width of widths) {
  const frame = document.createElement("iframe");
  frame.width = width; frame.height = 900; frame.src = "report.html";
  frame.onload = () => {
    const page = frame.contentDocument;
    page.querySelectorAll("details").forEach((element) => element.open = true);
    const images = [...page.images];
    found[width] = {
      wide: page.documentElement.scrollWidth, inner: page.documentElement.clientWidth,
      broken: images.filter((image) => image.naturalWidth == 0).length, images: images.length,
      cut: [...page.querySelectorAll("h1, h2, h3, p, dd, figure > picture > img, summary, pre")]
        .filter((e) => e.getBoundingClientRect().right > width).map((e) => e.outerHTML.slice(0, 80)),
    };
    if (Object.keys(found).length == widths.length)
      document.getElementById("found").textContent = JSON.stringify(found);
  };
  document.body.append(frame);
}
</script>"""


@pytest.fixture(scope="module")
def seen(runs, tmp_path_factory):
    """What the browser measured, its console, and its requests."""
    folder = tmp_path_factory.mktemp("browser")
    build_report([runs.teacher, runs.student], runs.results, folder / "report.html", runs.cache)
    return measured_in_browser(folder, MEASURE)


@pytest.mark.parametrize("width", ["320", "400", "800", "1200"])
def test_nothing_is_wider_than_the_screen(seen, width):
    measured = seen[0][width]
    assert measured["wide"] <= measured["inner"]
    assert measured["cut"] == []


def test_every_picture_is_shown(seen):
    for measured in seen[0].values():
        assert measured["images"] > 5 and measured["broken"] == 0


def test_console_is_silent(seen):
    assert seen[1] == []


def test_only_the_page_itself_is_requested(seen):
    assert {line.split()[1] for line in seen[2]} == {"/measure.html", "/report.html"}
