"""The page of a prediction as a file: what it tells, and that it stays small."""

import base64
import re
from dataclasses import replace

import cv2
import numpy as np
import pytest
from drawn_films import actor, moments_of, write_actor
from made_up_predictions import CLASSES, film_of, moment, write_all_tables, write_prediction
from refused import refused

from vidfer.crops.decode.video import read_chunks
from vidfer.errors import DataError, ResultError
from vidfer.infer.moment import UNSURE
from vidfer.report.person_timeline import build_timelines
from vidfer.report.prediction_page.content import MOST_PEOPLE, MOST_PICTURES, view_inputs
from vidfer.report.prediction_page.network_card import read_card, read_examples
from vidfer.report.prediction_page.peak_pictures import choose_peaks, cut_pictures
from vidfer.report.prediction_page.rows import HIGH, MOST_ROWS, RIBBON, WIDE, build_ribbon, build_rows
from vidfer.report.prediction_page.write_page import with_code, write_prediction_page

PEOPLE = {0: "h" * 50 + "?" * 25 + " " * 25 + "s" * 50, 3: " " * 100 + "n" * 50}


def page_of(folder, inputs, **kwargs):
    prediction = write_prediction(
        folder, {folder / name: frames for name, frames in inputs.items()}, **kwargs
    )
    return write_prediction_page(prediction).read_text()


def rows_of(people, face=0, **kwargs):
    lines = build_timelines(film_of("a", people, **kwargs), CLASSES)
    return build_rows(lines.people[face], lines)


def test_labels_gaps_and_times_of_a_row():
    (row,) = rows_of(PEOPLE)
    assert [(span.label, span.x, span.width) for span in row.spans] == [
        ("happy", 0, 333), (UNSURE, 333, 167), ("", 500, 167), ("sad", 667, 333),
    ]  # fmt: skip
    assert "happy, 0:00.0 to 0:02.0" in row.spans[0].text and "90 %" in row.spans[0].text
    assert "not seen, 0:03.0 to 0:04.0" in row.spans[2].text
    assert (row.start_s, row.end_s) == (0, pytest.approx(6.0))
    assert row.ticks[0] == (0, "0:00") and row.ticks[3] == (pytest.approx(50, abs=0.01), "0:03")


@pytest.mark.parametrize(("names", "title"), [("a", "What a shows"), ("ab", "What 2 inputs show")])
def test_the_title_names_a_single_film(tmp_path, names, title):
    page = page_of(tmp_path, {name: film_of(name, PEOPLE) for name in names})
    assert f"<h1>{title}</h1>" in page and f"<title>{title}</title>" in page


def heights(path):
    """The height of an area in each of the columns of a row, from its path; nan where there is none."""
    found = np.full(WIDE, np.nan)
    for part in path.split("z")[:-1]:
        x, level = int(re.match(r"M(\d+)", part)[1]), HIGH
        for kind, number in re.findall(r"([VH])(\d+)", part):
            if kind == "V":
                level = int(number)
            else:
                found[x : int(number)] = HIGH - level
                x = int(number)
    return found


def test_areas_are_stacked_probabilities():
    (row,) = rows_of({0: "h" * 75 + " " * 25 + "s" * 50}, sure=0.7)
    stack = {area.label: heights(area.path) for area in row.areas}
    assert [area.label for area in row.areas] == list(reversed(CLASSES))
    happy, neutral, sad, surprise = (stack[name] for name in CLASSES)
    assert happy[100] == round(0.7 * HIGH) and happy[900] == round(0.1 * HIGH)
    assert (
        sad[900] == round(0.9 * HIGH)
        and (neutral[[100, 900]] == [round(0.8 * HIGH), round(0.2 * HIGH)]).all()
    )
    assert np.nanmin(surprise) == HIGH
    assert np.isnan(surprise[500:667]).all() and not np.isnan(np.delete(surprise, range(500, 667))).any()


def test_the_ribbon_of_the_overview_has_all_labels_at_their_times():
    lines = build_timelines(film_of("a", PEOPLE), CLASSES)
    ribbon = dict(build_ribbon(lines.people[0], lines))
    assert ribbon.keys() == {"happy", UNSURE, "sad"}
    ends = {label: re.findall(r"M([\d.]+) 0h([\d.]+)v1", path) for label, path in ribbon.items()}
    third = RIBBON / 3
    for label, start in (("happy", 0), (UNSURE, third), ("sad", 2 * third)):
        ((x, width),) = ends[label]
        assert float(x) == pytest.approx(start, abs=1)
        assert float(width) == pytest.approx(third / (2 if label == UNSURE else 1), abs=1.5)


def test_a_slow_film_has_no_gaps_between_its_frames():
    for fps in (1, 5, 23.976, 29.97):
        (row,) = rows_of({0: "hhhhhhhhhh" * 6, 1: "h"}, fps=fps)
        assert [span.label for span in row.spans] == ["happy"]
        assert len(re.findall("M", row.areas[0].path)) == 1


def test_warnings_are_marked_where_they_are():
    frames = [
        [moment("a", i + 1, i / 25, 0, "happy", warnings=("dark",) if 50 <= i < 75 else ())]
        for i in range(100)
    ]
    lines = build_timelines(frames, CLASSES)
    (row,) = build_rows(lines.people[0], lines)
    assert [(span.x, span.width) for span in row.warnings] == [(500, 250)]
    assert lines.people[0].warnings == {"dark": 25}


def test_a_film_of_hours_has_few_rows_and_only_those_with_the_person():
    sign = ["h"] * 7200
    sign[1200:3600] = " " * 2400
    lines = build_timelines(film_of("a", {0: "".join(sign)}, fps=1), CLASSES, most_steps=16384)
    rows = build_rows(lines.people[0], lines)
    assert len(rows) <= MOST_ROWS and sum(len(area.path) for row in rows for area in row.areas) < 200_000
    times = [(round(row.start_s), round(row.end_s)) for row in rows]
    assert times[:3] == [(0, 600), (600, 1200), (3600, 4200)] and len(times) == 8
    assert sum(span.width for row in rows for span in row.spans if span.label == "happy") == 8 * WIDE


def test_page_tells_what_there_is(tmp_path):
    text = page_of(
        tmp_path,
        {"a.mp4": film_of("a.mp4", PEOPLE), "empty.mp4": [], "wall.mp4": film_of("wall.mp4", {0: "  "})},
    )
    assert "An expression is not an emotion" in text
    assert re.search(r"happy</span>\s*40 %", text) and re.search(r"unsure</span>\s*20 %", text)
    assert "not a video" in text and "nobody is seen in 2 frames" in text
    assert "below 40 %" in text  # the threshold
    assert "no card with figures" in text and "made up" in text
    assert text.count('<article class="person">') == 2
    assert "the video cannot be read here any more" in text


def test_many_inputs_have_their_shares_and_faults_at_the_top(tmp_path):
    films = {"a.mp4": {0: "h" * 8 + "??"}, "b.mp4": {0: "n" * 10}, "broken.mp4": {}}
    text = write_prediction_page(write_all_tables(tmp_path, films)).read_text(encoding="utf-8")
    top = text[text.index("Of all frames") : text.index('<table class="overview">')]
    shares = re.findall(r"(\w+)</span> (\d+) %", top)
    assert shares == [("neutral", "50"), ("happy", "40"), ("unsure", "10")]
    assert "1 of 3 inputs could not be read" in top and "<li>broken.mp4: not a video</li>" in top


def test_page_loads_nothing(tmp_path):
    text = page_of(tmp_path, {"a.mp4": film_of("a.mp4", PEOPLE)})
    addresses = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert all(address.startswith(("data:", "#")) for address in addresses)
    assert "<script" not in text and "default-src 'none'" in text


def test_names_are_only_text(tmp_path):
    name = "<b>&\"x'.mp4"
    text = page_of(tmp_path, {"a.mp4": film_of(name, PEOPLE)})
    assert "<b>&" not in text and "&lt;b&gt;&amp;" in text


def test_commands_in_a_message_are_code_and_the_rest_is_text():
    assert with_code("type `vidfer --help`, not <b> or a ` alone") == (
        "type <code>vidfer --help</code>, not &lt;b&gt; or a ` alone"
    )


def test_own_expressions_have_colours_of_their_own(tmp_path):
    classes = ("pout", "笑顔", "happily_surprised")
    labels = (*classes, "none of these")
    frames = [[moment("a", i + 1, i / 25, 0, label, classes=classes)] for i, label in enumerate(labels)]
    text = page_of(tmp_path, {"a.mp4": frames}, classes=classes)
    for label in (label.replace("_", " ") for label in labels):
        assert re.search(rf'<span class="chip c\d+">{label}</span>', text)


def decoded(address):
    content = base64.b64decode(address.split(",")[1])
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def test_pictures_show_the_face_at_the_moment(tmp_path):
    video = tmp_path / "a.mp4"
    write_actor(video, sound=None)
    times_s, images = (np.concatenate(x) for x in zip(*((c.times_s, c.images) for c in read_chunks(video))))
    moments = [m for seen in moments_of("a.mp4", times_s, actor()[1]) for m in seen]
    wanted = [moments[3], moments[20]]
    found = cut_pictures(video, wanted)
    assert found.keys() == {(4, 0), (21, 0)}
    for one in wanted:
        picture = decoded(found[one.frame, 0])
        x1, y1, x2, y2 = one.box_xyxy
        side = 1.5 * max(x2 - x1, y2 - y1)
        points = np.array([[0, 0], [120, 0], [0, 120]], np.float32)
        there = np.array([(x1 + x2) / 2, (y1 + y2) / 2]) + (points / 120 - 0.5) * side
        matrix = cv2.getAffineTransform(there.astype(np.float32), points)
        expected = cv2.warpAffine(images[one.frame - 1], matrix, (120, 120), borderMode=cv2.BORDER_REPLICATE)
        assert np.abs(picture.astype(int) - expected).mean() < 6


def test_pictures_are_of_the_very_frame(tmp_path):
    for i in range(20):
        cv2.imwrite(str(tmp_path / f"{i}.png"), np.full((60, 80, 3), 12 * i, np.uint8))
    wanted = [moment("a", i + 1, i / 25, 0, "happy") for i in (3, 4, 11)]
    found = cut_pictures(tmp_path, wanted)
    assert [round(decoded(found[one.frame, 0]).mean()) for one in wanted] == [36, 48, 132]


def test_pictures_of_a_long_film_are_jumped_to(tmp_path, monkeypatch):
    from vidfer.report.prediction_page import peak_pictures

    video = tmp_path / "a.mp4"
    write_actor(video, sound=None, ticks=[i * 25 for i in range(30)], options={"g": "5"})
    parts = []

    def watched(*args, **kwargs):
        parts.append((kwargs["start_s"], kwargs["end_s"]))
        return read_chunks(*args, **kwargs)

    monkeypatch.setattr(peak_pictures, "read_chunks", watched)
    moments = [moment("a", i + 1, float(i), 0, "happy") for i in (2, 27)]
    assert len(cut_pictures(video, moments)) == 2
    assert len(parts) == 2 and parts[1][0] > 26


def test_peaks_are_the_surest_of_each_expression_first():
    lines = build_timelines(film_of("a", {0: "hhh???sss???hhhuuu???nnn"}), CLASSES)
    chosen = choose_peaks(lines.people[0], 5)
    assert sorted(one.label for one in chosen) == ["happy", "neutral", "sad", "surprise", UNSURE]
    assert [one.frame for one in chosen] == sorted(one.frame for one in chosen)
    assert [one.label for one in choose_peaks(lines.people[0], 8)].count(UNSURE) == 1
    assert choose_peaks(lines.people[0], 0) == []


def test_pictures_are_bounded_and_can_be_left_out(tmp_path):
    video = tmp_path / "a.mp4"
    write_actor(video, sound=None)
    inputs = {}
    for number in range(60):
        name = f"{number}.mp4"
        (tmp_path / name).symlink_to(video)
        inputs[tmp_path / name] = film_of(name, {face: "hhnnuu" for face in range(4)})
    prediction = write_prediction(tmp_path, inputs)
    pictures = [
        peak.picture for one in view_inputs(prediction) for person in one.people for peak in person.peaks
    ]
    assert 100 < len(pictures) <= MOST_PICTURES and all(pictures)
    assert "data:image/jpeg" in write_prediction_page(prediction).read_text()
    assert "data:image" not in write_prediction_page(prediction, pictures=False).read_text()


def test_very_many_people_are_counted(tmp_path):
    text = page_of(tmp_path, {"a.mp4": film_of("a.mp4", {face: "h" * (face + 5) for face in range(30)})})
    assert text.count('<article class="person">') == MOST_PEOPLE and "22 more people" in text


def test_two_hundred_clips_fit(tmp_path):
    inputs = {f"{i}.mp4": film_of(f"{i}.mp4", {0: "hhhhnnnnss" * 5}) for i in range(200)}
    text = page_of(tmp_path, inputs)
    assert text.count('<article class="person">') == 200 and len(text) < 2_000_000
    assert '<details class="input">' in text and '<details class="input" open>' not in text


def test_the_card_of_the_network_in_the_box_is_shown(tmp_path):
    card = read_card("basic7")
    assert card.figures[0][:2] == ("measured on", "measure") and len(card.figures) > 5
    assert all(len(row) == len(card.figures[0]) for row in card.figures)
    assert any("decisions about people" in limit for limit in card.limits)
    assert not any(
        sign in text for text in (*card.limits, *sum(card.figures, ())) for sign in ("**", "`", "](")
    )
    assert read_card("no such network").figures == ()
    assert [row for rows in card.groups for row in rows] == [*card.figures[1:]] and len(card.groups) < len(
        card.figures
    ) - 1
    assert all(len({row[0] for row in rows}) == 1 for rows in card.groups)


def test_the_legend_explains_every_colour_of_the_bands(tmp_path):
    def legend(folder, classes):
        text = page_of(folder, {"a": film_of("a", {0: "hhs?"}, classes=classes)}, classes=classes)
        found = re.search(r'<p class="legend">(.*)</p>', text)[1]
        return re.findall(r'<span class="chip c\d+">([^<]+)</span>', found), found

    few, _ = legend(tmp_path / "few", CLASSES)
    assert few == ["happy", "neutral", "sad", "surprise", "unsure"]
    many, text = legend(tmp_path / "many", (*CLASSES, *(f"class_{i}" for i in range(36))))
    assert many == ["happy", "sad", "unsure"] and "and 38 others" in text


def test_own_expressions_tell_what_to_expect(tmp_path):
    prediction = write_prediction(tmp_path, {tmp_path / "a": film_of("a", PEOPLE)})
    counted = {"of_class": [{"right": 2, "n": 3}, {"right": 1, "n": 2}], "counts": [3, 2]}
    expected = {
        "expected": counted | {"found": {"right": 1, "n": 5}},
        "classes": ["pout", "wink", "none of these"],
    }
    own = replace(
        prediction, model=prediction.model | expected | {"threshold_says": "3 of 5 were recognised"}
    )
    text = write_prediction_page(own).read_text()
    row = r'pout</th><td class="number">3</td><td class="number">2</td>'
    assert re.search(row, text) and "no card with figures" not in text
    assert "3 of 5 were recognised; 1 of 5 where" in text
    for damaged in ({"expected": {}}, {"expected": 3}, {"expected": counted | {"counts": None}}):
        assert read_examples(prediction.model | damaged) is None


def test_pages_that_cannot_be_written(tmp_path):
    with refused(ResultError, "predict.json"):
        write_prediction_page(tmp_path)
    prediction = write_prediction(tmp_path, {tmp_path / "a": film_of("a", PEOPLE)})
    table = prediction.frames_csv.read_text()
    prediction.frames_csv.write_text(table.replace("timestamp", "time"))
    with refused(DataError, "timestamp", "frames.csv"):
        write_prediction_page(prediction)
    assert not (tmp_path / "index.html").exists()
