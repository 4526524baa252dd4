"""A prediction for a visitor: its files, its strips, and what is left after a fault."""

import json
import re
import zipfile

import cv2
import numpy as np
import pytest
from networks import network
from refused import refused
from small_films import actor, nobody, two_people, write_film, write_recording

from vidfer.app.limits import Limits
from vidfer.app.predict_upload import predict_upload
from vidfer.app.result_html import message_html, result_html
from vidfer.app.strip import MOST_FRAMES, StripFrames, frame_attention
from vidfer.app.visits import Stopped, Visits
from vidfer.errors import DataError
from vidfer.infer.classifier import NetworkClassifier
from vidfer.infer.moment import Moment
from vidfer.infer.predictor import Predictor, load
from vidfer.models.build import build_recogniser
from vidfer.tables import read_table


@pytest.fixture(scope="module")
def predictor():
    return load()


@pytest.fixture
def visit(tmp_path):
    return Visits(tmp_path / "root").of("ann")


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return write_film(tmp_path_factory.mktemp("film") / "two <b>people.mp4", two_people())


def left(visit) -> list:
    return [path for path in visit.folder.rglob("*") if path.is_file()]


def test_a_film_gives_tables_page_film_and_all_in_one(predictor, visit, film):
    told = []
    result = predict_upload(
        film, predictor, visit, Limits(), progress=lambda share, text: told.append((share, text))
    )
    names = [path.name for path in result.files]
    assert names[:5] == ["frames.csv", "segments.csv", "clips.csv", "predict.json", "index.html"]
    assert names[5:] == ["two <b>people_vidfer.mp4", "two <b>people_vidfer.zip"]
    with zipfile.ZipFile(result.files[-1]) as archive:
        assert archive.namelist() == names[:-1] and archive.testzip() is None
    people = {row["face_id"] for row in read_table(result.about.clips_csv, ("face_id",))}
    assert people == {"0", "1"} == {str(strip.face_id) for strip in result.strips}
    for file in result.files[:5]:  # where the film lies on this machine stands nowhere
        assert str(film.parent) not in file.read_text("utf-8")
    assert json.loads((result.about.folder / "predict.json").read_text())["inputs"][0]["path"] == film.name
    shares = [share for share, _ in told]
    assert shares == sorted(shares) and 0 == shares[0] < 0.4 in shares
    assert any("frame 12" in text for _, text in told)
    text = result_html(result, lambda path: f"at/{path.name}")
    assert "two &lt;b&gt;people.mp4" in text and "<b>people" not in text
    assert text.count('<article class="person">') == 2 == text.count('<figure class="strip">')
    assert 'src="at/two &lt;b&gt;people_vidfer.mp4"' in text and str(visit.folder) not in text
    assert "data:image/jpeg" in text and "The curve is the probability" in text
    again = predict_upload(film, predictor, visit, Limits())
    assert again.about.folder == result.about.folder  # in place of the one before


def test_segments_are_in_order_of_their_beginning(predictor, visit, film):
    result = predict_upload(film, predictor, visit, Limits())
    header, *rows = result.about.segments_csv.read_text().splitlines()
    assert len(rows) == 2
    result.about.segments_csv.write_text("\n".join([header, *reversed(rows)]) + "\n")
    segments = re.findall(r'<tr><td>(.)</td><td class="number">(.*?)</td>', result_html(result, str))
    assert segments == [("0", "0:00.0"), ("1", "0:00.0")]


def test_no_face_is_shown_where_faces_are_blurred(predictor, visit, film):
    result = predict_upload(film, predictor, visit, Limits(), blur_faces=True)
    text = result_html(result, str)
    assert "data:image" not in text and "data:image" not in result.files[4].read_text()
    assert "Every face that was followed is covered" in text
    assert "which are not shown" in text and "A film strip has" not in text
    assert [len(strip.points) for strip in result.strips] == [9, 9]  # the curves are there


def test_a_picture_gives_a_picture(predictor, visit, tmp_path):
    path = tmp_path / "ann.jpg"
    cv2.imwrite(str(path), actor()[-1][..., ::-1])
    result = predict_upload(path, predictor, visit, Limits())
    assert result.film.name == "ann_vidfer.png"
    text = result_html(result, str)
    assert "<img class=" in text and "<video" not in text and "Segments" not in text


def test_nobody_in_the_film_is_told_and_nothing_is_left(predictor, visit, tmp_path):
    with refused(DataError, "no face", "wall.mp4"):
        predict_upload(write_film(tmp_path / "wall.mp4", nobody()), predictor, visit, Limits())
    assert left(visit) == []


def test_faces_that_are_not_upright_are_told(predictor, visit, tmp_path):
    lying = write_film(tmp_path / "lying.mp4", np.rot90(actor(), 1, (1, 2)))
    with refused(
        DataError,
        "no face was found in lying.mp4, because its faces are not upright; turn it by 90° to the right",
    ):
        predict_upload(lying, predictor, visit, Limits())
    over = write_film(tmp_path / "over.mp4", np.rot90(actor(5), 2, (1, 2)))
    text = result_html(predict_upload(over, predictor, visit, Limits()), str)
    assert "its faces are not upright" in text and "hflip,vflip" in text


def test_who_stops_leaves_nothing(predictor, visit, film):
    def stop_when_drawing(share, text):
        if text.startswith("drawing the film: frame 3"):
            visit.stop.set()

    with pytest.raises(Stopped):
        predict_upload(film, predictor, visit, Limits(), progress=stop_when_drawing)
    assert left(visit) == []


def test_a_film_that_goes_on_and_on_is_stopped_without_a_length_in_its_header(predictor, visit, tmp_path):
    film = write_recording(tmp_path / "camera.webm", actor())
    Limits(max_seconds=0.2).check(film)
    with refused(DataError, "camera.webm", "or longer"):
        predict_upload(film, predictor, visit, Limits(max_seconds=0.2))
    assert left(visit) == []


def test_a_strip_is_spread_over_the_whole_film():
    frames = StripFrames()
    for number in range(1, 1001):
        seen = [Moment(input="a", frame=number, time_s=number / 25, face_id=0)]
        if number <= 5:
            seen.append(Moment(input="a", frame=number, time_s=number / 25, face_id=1))
        frames.add(seen)
    frames.add([Moment(input="a", frame=1001, time_s=40.04)])  # nobody is seen
    chosen = frames.of_longest(2)
    assert [len(moments) for moments in chosen.values()] == [MOST_FRAMES, 5]
    gaps = np.diff([moment.frame for moment in chosen[0]])
    assert chosen[0][0].frame == 1 and chosen[0][-1].frame > 900 and gaps.max() <= 1.5 * gaps.min()
    assert list(frames.of_longest(1)) == [0]


def classifier(attention: str) -> NetworkClassifier:
    settings = network("grouped_resnet18", None, width=4, input_px=32, frame_attention=attention)
    return NetworkClassifier(build_recogniser(settings, ("happy", "sad")), {"name": "made up"})


def test_a_network_that_weighs_frames_shows_its_attention():
    crops = np.random.default_rng(0).integers(0, 255, (5, 3, 3, 32, 32), np.uint8)
    weights = frame_attention(classifier("softmax"), crops)
    assert weights.shape == (5,) and weights.sum() == pytest.approx(1, abs=1e-4)
    assert frame_attention(classifier("mean"), crops) is None
    assert frame_attention(classifier("softmax"), crops[:1]) is None


def test_the_curve_of_such_a_network_is_its_attention(visit, film):
    result = predict_upload(film, Predictor(classifier("softmax")), visit, Limits())
    for strip in result.strips:
        counts = [float(point.text) for point in strip.points]
        assert strip.is_attention and sum(counts) == pytest.approx(len(counts), abs=0.5)
        assert strip.regions == ("face", "eyes", "mouth")
    text = result_html(result, str)
    assert "the curve is its attention" in text and "probability of the label" not in text


def test_a_message_is_plain_text():
    text = message_html("<script>alert(1)</script> is no film")
    assert "<script>" not in text and re.search(r'role="alert".*is no film\.', text)
