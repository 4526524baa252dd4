"""The hardest clips in the report, with their pictures."""

import base64
import io
import re

import pytest
from page_reader import Reader
from PIL import Image

from vidfer.evaluate.result import load_result
from vidfer.report.build import build_report


def hard_lists(page):
    return [e for e in page.all("ol") if "recognised least" in e["aria-label"]]


def test_hardest_clips_are_those_recognised_least_and_surest_mistakes_first(page, runs):
    lists = hard_lists(page)
    assert len(lists) == 2
    rows = {}
    for file in runs.results:
        if file.stem.endswith("_split"):
            for row in load_result(file).rows:
                rows.setdefault(row["clip"], []).append(row)
    key = {c: (sum(r["accuracy"] for r in f), -sum(r["probability"] for r in f), c) for c, f in rows.items()}
    shown = [e["text"] for e in page.inside(lists[0], "code")]
    assert shown == sorted(rows, key=key.get)[:12]
    never = sum(value[0] == 0 for value in key.values())
    assert f"{never} clips were never recognised" in lists[0]["aria-label"]
    pictures = [page.inside(one, "img") for one in lists]
    assert [len(found) for found in pictures] == [12, 12]
    for name, picture in zip(shown, pictures[0]):
        assert picture["alt"] == f"face, eyes, mouth in 3 frames of clip {name}"
        image = Image.open(io.BytesIO(base64.b64decode(picture["src"].partition(",")[2])))
        shape = int(picture["width"]) / int(picture["height"])
        assert image.width / image.height == pytest.approx(shape, abs=0.01) == pytest.approx(1, abs=0.05)
    cards = [e["text"] for e in page.inside(lists[1], "li")]
    assert all(re.search(r"recognised \d+ % of \d+ times", text) for text in cards)
    assert all(re.search(r"taken for (\w+ in \d+\s%|nothing else)", text) for text in cards)


def test_hardest_clips_have_no_pictures_without_their_cache(runs, tmp_path):
    page = Reader(build_report([runs.teacher], runs.results[:2], tmp_path / "r.html").read_text())
    assert [len(page.inside(one, "li")) for one in hard_lists(page)] == [12, 12]
    assert not [i for one in hard_lists(page) for i in page.inside(one, "img")]
