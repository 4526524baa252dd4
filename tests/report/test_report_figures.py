import base64
import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from vidfer.report.confusions import describe_confusion, draw_confusion
from vidfer.report.figure_style import CSS_PX_PER_INCH, DARK, LIGHT, SCREEN_SCALE, paint
from vidfer.report.pseudo_labels import draw_balance, draw_confidence
from vidfer.report.reliability import draw_reliability, reliability_bins
from vidfer.report.shots_curve import draw_shots
from vidfer.report.training_curves import draw_curves

NAMES = ["angry", "happily_surprised"]
COUNTS = np.array([[7, 1, 2], [0, 0, 5]])
LINES = {
    "teacher": [
        {"shots": 1, "mean": 0.4, "low": 0.38, "high": 0.42, "over_clips": {"low": 0.35, "high": 0.45}},
        {"shots": 5, "mean": 0.6, "low": 0.58, "high": 0.62, "over_clips": {"low": 0.55, "high": 0.65}},
    ]
}


def words_of(figure):
    """Every word that the figure writes, found by drawing it as SVG."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None})
    comments = re.findall(r"<!-- (.*?) -->", stream.getvalue())
    ElementTree.fromstring(stream.getvalue())
    return comments


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_confusion_writes_shares_of_the_row_and_counts(theme):
    words = words_of(draw_confusion(COUNTS, NAMES, [*NAMES, "no face"], theme))
    for text in ("70", "10", "20", "n 7", "n 1", "n 2", "100", "n 5", "happily surprised", "no face"):
        assert text in words


def test_numbers_in_a_matrix_of_many_classes_do_not_overlap():
    for n in (8, 11, 40):
        names = [f"happily_surprised_{i}" for i in range(n)]
        figure = draw_confusion(100 * np.eye(n, dtype=int) + 7, names, names, LIGHT)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        renderer = canvas.get_renderer()
        shown = figure.axes[0].texts[: 2 * n]  # the first row at least
        boxes = [text.get_window_extent(renderer) for text in shown]
        boxes += [text.get_window_extent(renderer) for text in figure.axes[0].get_yticklabels()]
        for i, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[:i])
        assert all(text.get_size() > 5.5 for text in shown)


def test_confusion_ink_stands_out_from_its_cell():
    # The weakest of all contrasts of text on the colours of a cell, by WCAG's formula.
    from matplotlib.colors import LinearSegmentedColormap

    from vidfer.report.confusions import _ink, _luminance

    for theme in (LIGHT, DARK):
        shade = LinearSegmentedColormap.from_list("share", theme.heat)
        ratios = []
        for share in np.linspace(0, 1, 101):
            cell = _luminance(shade(share))
            ink = _luminance(tuple(int(_ink(shade(share))[i : i + 2], 16) / 255 for i in (1, 3, 5)))
            ratios.append((max(cell, ink) + 0.05) / (min(cell, ink) + 0.05))
        assert min(ratios) >= 4.5


def test_confusion_in_words():
    text = describe_confusion(np.array([[7, 1, 2], [0, 0, 0]]), NAMES, [*NAMES, "no face"])
    assert text == "angry 70 % right of 10, most often recognised as no face; happily surprised: no clips."


def test_reliability_counts_every_clip_in_its_bin():
    confidence = np.array([0.05, 0.55, 0.55, 0.58, 0.99, 1.0])
    right = np.array([False, True, False, True, True, True])
    assert reliability_bins(confidence, right) == [
        (pytest.approx(0.05), 0, 1),
        (pytest.approx(0.56), 2, 3),
        (pytest.approx(0.995), 2, 2),
    ]
    words = words_of(draw_reliability(confidence, right, LIGHT))
    for text in ("n 1", "n 3", "n 2", "confidence = accuracy"):
        assert text in words


def test_numbers_of_clips_do_not_overlap():
    # The means of neighbouring bins lie side by side, and there are many clips.
    confidence = np.repeat([0.195, 0.205, 0.39, 0.41, 0.699, 0.701, 0.899, 0.99], 12_000)
    figure = draw_reliability(confidence, np.arange(len(confidence)) % 3 > 0, LIGHT)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [text.get_window_extent(canvas.get_renderer()) for text in figure.axes[0].texts]
    assert len(boxes) == 8
    inside = figure.axes[0].get_window_extent()
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])
        assert inside.x0 <= box.x0 and box.x1 <= inside.x1 and inside.y0 <= box.y0
        assert box.y1 <= figure.axes[0].transData.transform((0, 0))[1]  # below all points


def test_shots_shows_interval_and_chance():
    figure = draw_shots(LINES, 1 / 3, LIGHT)
    words = words_of(figure)
    assert "chance 33.3 %" in words and "teacher" in words
    axes = figure.axes[0]
    band = axes.collections[0].get_paths()[0].vertices
    assert band[:, 1].min() == pytest.approx(0.35) and band[:, 1].max() == pytest.approx(0.65)
    bars = [segment[:, 1].tolist() for segment in axes.collections[1].get_segments()]
    assert bars == [pytest.approx([0.38, 0.42]), pytest.approx([0.58, 0.62])]
    assert axes.get_ylim() == (0, 1)


def test_confidence_counts_every_clip_once():
    confidence = np.array([0.2, 0.25, 0.9, 1.0, 0.0])
    figure = draw_confidence(confidence, np.array([False, True, True, True, False]), LIGHT)
    heights = [sum(bar.get_height() for bar in bars) for bars in figure.axes[0].containers]
    assert heights == [3, 2]
    assert {"learned from (3)", "left out (2)"} <= set(words_of(figure))


def test_balance_writes_both_counts():
    words = words_of(draw_balance(np.array([41, 3]), np.array([12, 11]), NAMES, DARK))
    assert {"41", "3", "12", "11", "angry", "happily surprised"} <= set(words)


def test_curves_draw_the_points():
    figure = draw_curves({"a": [(1, 2.0), (2, 1.0)], "b": [(1, 3.0)]}, "loss", LIGHT)
    lines = figure.axes[0].get_lines()
    assert lines[0].get_xydata().tolist() == [[1, 2], [2, 1]] and lines[1].get_xydata().tolist() == [[1, 3]]


def test_a_legend_of_many_runs_covers_no_curve():
    names = [f"student of width {i}" for i in range(10)]
    points = [{"shots": shots, "mean": 0.5, "low": 0.4, "high": 0.6} for shots in (1, 5)]
    for draw, few in (
        (lambda n: draw_curves({name: [(1, 2.0), (2, 1.0)] for name in names[:n]}, "loss", LIGHT), 5),
        (lambda n: draw_shots({name: points for name in names[:n]}, 0.5, LIGHT), 4),
    ):
        assert draw(few).axes[0].get_legend() and not draw(few).legends
        figure = draw(10)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        (legend,) = figure.legends
        box = legend.get_window_extent(canvas.get_renderer())
        assert not box.overlaps(figure.axes[0].get_window_extent()) and box.y0 >= 0
        assert figure.axes[0].get_window_extent().height > 150


def test_painting_gives_two_pngs_of_the_stated_size_and_repeats_itself():
    def draw(theme):
        return draw_shots(LINES, 1 / 3, theme)

    picture = paint(draw, "words")
    images = []
    for address in (picture.light, picture.dark):
        kind, _, text = address.partition(",")
        assert kind == "data:image/png;base64"
        images.append(Image.open(io.BytesIO(base64.b64decode(text))).convert("RGBA"))
    assert images[0].size == images[1].size
    stated = np.array([picture.width_px, picture.height_px]) * SCREEN_SCALE
    assert np.abs(images[0].size - stated).max() <= 1  # matplotlib cuts off half pixels
    assert picture.width_px == round(4.7 * CSS_PX_PER_INCH)
    assert images[0].tobytes() != images[1].tobytes()
    assert images[0].getpixel((0, 0))[3] == 0  # the page shows through
    assert paint(draw, "words") == picture


def test_drawing_leaves_pyplot_alone():
    import sys

    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()
