"""What is drawn into a frame of the film: letters, tags, and a card for each person."""

import cv2
import numpy as np
import pytest
from made_up_predictions import CLASSES, film_of, moment

from vidfer.infer.moment import UNSURE
from vidfer.report.film.canvas import MOST_CARDS, MOTTO, Canvas, FilmPlan
from vidfer.report.film.lettering import fit, width_of, write
from vidfer.report.film.marks import draw_marks, tag_of

GREY = np.full((360, 640, 3), 120, np.uint8)


def canvas_of(frames, classes=CLASSES, image=GREY, model=None):
    plan = FilmPlan.of(frames, classes, model or {"name": "basic7", "threshold": 0.4})
    canvas = Canvas(*image.shape[:2], plan)
    return canvas, [canvas.draw(image, moments[0].time_s, moments) for moments in frames]


def test_letters_are_where_they_are_asked_for():
    for anchor, x in (("left", 20), ("middle", 100), ("right", 180)):
        image = np.zeros((60, 200, 3), np.uint8)
        width = write(image, "Hx", (x, 30), 24, (255, 0, 0), anchor=anchor)
        rows, columns = np.nonzero(image[..., 0])
        left = x - {"left": 0, "middle": width / 2, "right": width}[anchor]
        assert columns.min() == pytest.approx(left, abs=3) and columns.max() == pytest.approx(
            left + width, abs=3
        )
        assert (rows.min() + rows.max()) / 2 == pytest.approx(30, abs=1)
        assert not image[..., 1:].any()
        assert len(np.unique(image)) > 4  # smooth edges


@pytest.mark.parametrize("place", [(-30, 5), (195, 58), (50, -100), (500, 30)])
def test_letters_beyond_the_edge_are_left_out(place):
    write(np.zeros((60, 200, 3), np.uint8), "outside", place, 24)


@pytest.mark.parametrize("text", ["Ärger", "χαρά", "радость", "فرح"])
def test_other_letters_than_latin_have_shapes_of_their_own(text):
    shapes = []
    for sign in text[:3]:
        image = np.zeros((40, 40, 3), np.uint8)
        write(image, sign, (5, 20), 24)
        shapes.append(image.tobytes())
    assert len(set(shapes)) == 3


def test_a_long_text_is_cut():
    text = fit("a very long name of an expression", 15, 100)
    assert text.endswith("…") and width_of(text, 15) <= 100
    assert fit("short", 15, 100) == "short" and fit("short", 15, 2) == ""


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 6, 9])
def test_each_person_has_a_card(n):
    frames = film_of("a", {face: "hhnn" for face in range(n)} or {0: "    "})
    canvas, drawn = canvas_of(frames)
    assert len(canvas.cards) == min(n, MOST_CARDS)
    assert canvas.owners == [*range(len(canvas.cards))]
    assert all(image.shape == drawn[0].shape for image in drawn)
    areas = [(rows.stop - rows.start) * (columns.stop - columns.start) for rows, columns in canvas.places]
    taken = np.zeros(drawn[0].shape[:2], int)
    for place in canvas.places:
        taken[place] += 1
    assert taken.sum() == sum(areas) and taken.max(initial=0) <= 1 and not taken[:360].any()


def test_a_newcomer_gets_the_card_of_who_left_first():
    frames = film_of("a", {0: "hh      hh", 1: "hhhh      ", 2: "     hhhhh"})
    canvas, drawn = canvas_of(frames)
    assert len(canvas.cards) == 2
    assert canvas.owners == [2, 0]  # 2 took the card of 0, and 0 came back when 1 was away
    rows, columns = canvas.places[1]
    assert np.abs(drawn[3][rows, columns].astype(int) - drawn[6][rows, columns]).mean() > 1


def test_bars_are_as_long_as_probabilities():
    lengths = []
    for sure in (0.4, 0.8):
        canvas, drawn = canvas_of([[moment("a", 1, 0.0, 0, "happy", sure=sure)]], model={"name": "m"})
        card, (rows, columns) = canvas.cards[0], canvas.places[0]
        line = drawn[0][rows, columns][
            round(card.top + 0.5 * card.row_px), card.bars : card.bars + card.bars_px
        ]
        lengths.append((line == card.colours["happy"]).all(1).mean())
    assert lengths == pytest.approx([0.4, 0.8], abs=0.02)


def test_the_curve_follows_the_probability():
    frames = [[moment("a", i + 1, i / 25, 0, "happy", sure=0.3 + 0.6 * i / 199)] for i in range(200)]
    canvas, drawn = canvas_of(frames, model={"name": "m"})
    card, (rows, columns) = canvas.cards[0], canvas.places[0]
    x1, y1, x2, y2 = card.curve
    plot = (drawn[-1][rows, columns][y1 : y2 - 10, x1:x2] == card.colours["happy"]).all(2)
    heights = [np.nonzero(column)[0].mean() for column in plot.T if column.any()]
    assert len(heights) > 0.9 * (x2 - x1) and heights[5] - heights[-5] > 0.4 * (y2 - y1)
    assert (np.diff(heights) < 2).all()


def test_the_curve_breaks_where_the_person_is_away():
    for row, fps, n_pieces in (("hhhhhhhh", 1, 1), ("h" * 80 + " " * 40 + "h" * 80, 25, 2)):
        canvas, drawn = canvas_of(film_of("a", {0: row}, fps=fps), model={"name": "m"})
        card, (rows, columns) = canvas.cards[0], canvas.places[0]
        x1, y1, x2, y2 = card.curve
        line = (drawn[-1][rows, columns][y1 : y2 - 10, x1:x2] == card.colours["happy"]).all(2).any(0)
        assert line[0] + (np.diff(line.astype(int)) == 1).sum() == n_pieces


def test_at_most_eight_bars_and_those_are_the_likely_ones():
    classes = tuple(f"class {i}" for i in range(20))
    frames = [[moment("a", 1, 0.0, 0, "class 17", classes=classes)]]
    plan = FilmPlan.of(frames, classes, {})
    assert len(plan.classes) == 8 and "class 17" in plan.classes and plan.threshold is None


def test_tags_cover_no_face_where_there_is_room():
    image = GREY.copy()
    people = [
        moment("a", 1, 0.0, face, "happy", box=(120 * face + 30, 120, 120 * face + 100, 200))
        for face in range(5)
    ]
    draw_marks(image, people, {"happy": "#F0B400"}, 15)
    for one in people:
        x1, y1, x2, y2 = one.box_xyxy.astype(int)
        assert (image[y1:y2, x1:x2] == 120).all()
    changed = (image != 120).any(2)
    assert changed[80:115].any()  # the tags above


def test_tags_of_a_face_at_the_upper_edge_lie_elsewhere():
    image = GREY.copy()
    one = moment("a", 1, 0.0, 0, "happy", box=(200, 0, 300, 120))
    draw_marks(image, [one], {"happy": "#F0B400"}, 15)
    assert (image[2:118, 202:298] == 120).all() and (image[125:160, 190:310] != 120).any()


def test_unsure_and_neutral_differ_in_more_than_their_grey():
    lines, strips = [], []
    for label in (UNSURE, "neutral"):
        one = moment("a", 1, 0.0, 0, label, box=(200, 100, 300, 220))
        image = GREY.copy()
        draw_marks(image, [one], {}, 15)
        lines.append((image[190:] != 120).any(2).sum())  # the tag is above
        canvas, drawn = canvas_of([[one], [moment("a", 2, 0.5, 0, label)]])
        card, (rows, columns) = canvas.cards[0], canvas.places[0]
        foot = drawn[1][rows, columns][: card.curve[3], card.curve[2] - 1]
        strips.append((foot == card.colours[label]).all(1).sum())
    assert 0 < strips[0] < strips[1] and 0 < lines[0] < lines[1]


def test_a_long_name_of_a_network_does_not_cut_the_motto(monkeypatch):
    written = []

    def write(image, text, place, size_px, *others, **kwargs):
        written.append(fit(text, size_px, kwargs.get("width_px", np.inf)))

    monkeypatch.setattr("vidfer.report.film.canvas.write", write)
    Canvas(360, 640, FilmPlan.of(film_of("a", {0: "    "}), CLASSES, {"name": 40 * "long"}))
    assert written[0].startswith("vidfer longlong") and written[0].endswith(f"\u2026  ·  {MOTTO}")


def test_words_of_a_tag():
    assert tag_of(moment("a", 1, 0.0, 2, "happy", sure=0.5)) == "2  happy 50%"
    assert tag_of(moment("a", 1, 0.0, 2, UNSURE)) == "2  unsure"
    assert tag_of(moment("a", 1, 0.0, 0, "none of these")) == "0  none of these"


def test_the_curve_is_high_with_few_expressions_too():
    heights = []
    for classes in (("pout", "none of these"), tuple(f"class {i}" for i in range(5))):
        canvas, _ = canvas_of([[moment("a", 1, 0.0, 0, classes[0], classes=classes)]], classes)
        heights.append(canvas.cards[0].curve[3] - canvas.cards[0].curve[1])
    assert heights[0] == heights[1] > 50


def test_pictures_of_all_shapes_have_cards():
    for height, width in ((26, 32), (720, 1280), (1280, 720), (2160, 3840), (100, 4000)):
        image = np.full((height, width, 3), 90, np.uint8)
        canvas, drawn = canvas_of(film_of("a", {0: "h", 1: "s"}), image=image)
        assert drawn[0].shape[0] % 2 == drawn[0].shape[1] % 2 == 0
        assert cv2.cvtColor(drawn[0][height:], cv2.COLOR_RGB2GRAY).std() > 5
        assert all(card.bars_px > 20 and card.curve[2] - card.curve[0] > 40 for card in canvas.cards)
