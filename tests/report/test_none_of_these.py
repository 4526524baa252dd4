"""Predictions of own expressions have the class `none of these`, which every page knows as a label, too."""

from made_up_predictions import film_of, write_prediction

from vidfer.report.expression_colours import NONE_COLOUR, NONE_OF_THESE, colours_of
from vidfer.report.person_timeline import build_timelines
from vidfer.report.prediction_page.write_page import write_prediction_page

CLASSES = ("pout", "wink", NONE_OF_THESE)


def test_it_keeps_its_colour_and_takes_none_of_others():
    with_it, without = colours_of(CLASSES), colours_of(CLASSES[:2])
    assert with_it == without and with_it[NONE_OF_THESE] == NONE_COLOUR


def test_it_is_one_label_of_timelines_and_of_the_page(tmp_path):
    signs = {"p": "pout", "-": NONE_OF_THESE}
    frames = film_of("a.mp4", {0: "ppppp-----" * 5}, signs=signs, classes=CLASSES)
    (person,) = build_timelines(frames, CLASSES).people.values()
    assert [*person.labels].count(NONE_OF_THESE) == 1
    assert abs(person.shares[NONE_OF_THESE] - 0.5) < 0.02
    write_prediction(tmp_path, {tmp_path / "a.mp4": frames}, classes=CLASSES)
    page = write_prediction_page(tmp_path, pictures=False).read_text(encoding="utf-8")
    legend = page.partition('class="legend"')[2].partition("</p>")[0]
    assert legend.count(NONE_OF_THESE) == 1 and "whatever a face shows" not in page
