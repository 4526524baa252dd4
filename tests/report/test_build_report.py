import base64
import dataclasses
import io
import json
import re
import shutil

import pytest
from page_reader import Reader
from PIL import Image
from refused import refused
from striped_cache import CLASSES

from vidfer.commands import report
from vidfer.errors import CacheError, ResultError, RunError, SettingError
from vidfer.evaluate.result import load_result
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import load_checkpoint, save_checkpoint
from vidfer.report.build import build_report
from vidfer.report.model_card import model_card


def test_numbers_are_those_of_the_result_files(page, runs):
    for file in runs.results:
        result = load_result(file)
        for name, interval in result.measures.items():
            rows = [
                e
                for e in page.all("tr")
                if e.get("data-result") == f"results/{file.name}" and e.get("data-metric") == name
            ]
            assert len(rows) == 1, (file.name, name)
            values = [float(e["value"]) for e in page.inside(rows[0], "data")]
            assert values == [interval.mean, interval.low, interval.high, interval.n]
            written = [e["text"] for e in page.inside(rows[0], "data")]
            assert written[:3] == [f"{100 * v:.1f}" for v in (interval.mean, interval.low, interval.high)]
            assert interval.over in rows[0]["text"]


def test_chance_is_stated_for_every_measure(page, runs):
    groups = [e["text"] for e in page.all("th") if e.get("class") == "group"]
    assert len(groups) == 3  # WAR, UAR, few-shot
    assert all("Chance 33.3 %." in text for text in groups)


def test_rows_carry_run_names_and_seeds(page):
    rows = [e for e in page.all("tr") if e.get("class") == "main"]
    names = [re.sub(r"\s+", " ", page.inside(row, "th")[0]["text"]).strip() for row in rows]
    assert names[:2] == ["teacher seed 3", "student seed 4"]
    assert names[4:] == ["teacher seed 3", "student seed 4"]
    assert "Compared by the prototype head." in page.all("table")[0]["text"]


def test_student_is_compared_with_its_teacher_clip_by_clip(page, runs):
    by_name = {file.stem: load_result(file) for file in runs.results}
    student, teacher = by_name["student_split"], by_name["teacher_split"]
    rows = {e["data-measure"]: e for e in page.all("tr") if "data-measure" in e}
    assert set(rows) == {"WAR", "UAR", "few-shot, 3-way 2-shot"}
    for measure, row in rows.items():
        assert "student" in page.inside(row, "th")[0]["text"].split("−")[0]
        mean, low, high = (float(e["value"]) for e in page.inside(row, "data"))
        assert low <= mean <= high
        if measure in ("WAR", "UAR"):
            expected = student.measures[measure].mean - teacher.measures[measure].mean
            assert mean == pytest.approx(expected)
    assert "15 clips of 5 subjects" in rows["WAR"]["text"]


def test_nothing_is_fetched_from_elsewhere(page):
    for element in page.elements:
        for name in ("src", "srcset", "href", "action", "data", "poster", "xlink:href"):
            address = element.get(name) or ""
            if element["tag"] == "data" or not address:
                continue
            assert address.startswith(("data:", "#")), (element["tag"], address[:80])
        assert "http:" not in (element.get("style") or "")
    assert not page.all("script") and not page.all("iframe") and not page.all("object")
    style = "".join(e["text"] for e in page.all("style"))
    assert "url(" not in style and "@import" not in style and "@font-face" not in style
    policy = [e for e in page.all("meta") if e.get("http-equiv") == "Content-Security-Policy"]
    assert policy[0]["content"].startswith("default-src 'none'")


def test_pictures_can_be_decoded_and_are_described(page):
    images = page.all("img")
    kinds = []
    for element in images + page.all("source"):
        kind, _, text = (element.get("src") or element["srcset"]).partition(";base64,")
        content = base64.b64decode(text, validate=True)
        image = Image.open(io.BytesIO(content))
        image.load()
        kinds.append(kind)
        assert kind == f"data:image/{image.format.lower()}"
        if element["tag"] == "img":
            assert len(element["alt"]) > 20
            ratio = image.width / image.height
            assert ratio == pytest.approx(int(element["width"]) / int(element["height"]), rel=0.01)
    # Figures are PNG (light and dark), film strips are JPEG, as their crops in the cache are.
    assert set(kinds) == {"data:image/png", "data:image/jpeg"}
    assert len([k for k in kinds if k == "data:image/png"]) == 2 * len(page.all("source"))


def test_links_of_the_page_lead_somewhere(page):
    ids = {e["id"] for e in page.elements if "id" in e}
    targets = [e["href"][1:] for e in page.all("a")]
    assert len(targets) == 11 and set(targets) <= ids
    assert all(e["aria-labelledby"] in ids for e in page.elements if "aria-labelledby" in e)


def test_tables_have_captions_and_heads(page):
    assert len(page.all("table")) == 2
    for table in page.all("table"):
        assert page.inside(table, "caption")[0]["text"].strip()
        heads = page.inside(table, "th")
        assert all(head.get("scope") for head in heads)


def test_film_strips_show_the_chosen_clips_with_their_weights(page, runs):
    figures = [e for e in page.all("figure") if e.get("class") == "strip"]
    texts = [e["text"] for e in figures]
    student = next(load_result(f) for f in runs.results if f.stem == "student_split")
    right = [row for row in student.rows if row["accuracy"] == 1]
    wrong = [row for row in student.rows if row["accuracy"] == 0]
    wanted = []
    for rows in (right, wrong):
        wanted += [r["clip"] for r in sorted(rows, key=lambda r: (-r["probability"], r["clip"]))[:2]]
    shown = [page.inside(e, "code")[0]["text"] for e in figures[-len(wanted) :]]
    assert shown == wanted
    for figure in figures:
        weights = [float(e["text"]) for e in page.inside(figure, "text")]
        assert len(weights) == 2 and sum(weights) == pytest.approx(1, abs=0.02)
    assert all("true label" in text and "recognised as" in text for text in texts)


def test_head_says_what_was_measured_on_what(page, runs):
    text = next(e for e in page.all("section") if e["id"] == "measured")["text"]
    result = load_result(runs.results[0])
    for piece in (
        result.cache_hash,
        result.checkpoint_hash,
        "striped.h5",
        "teacher: 3",
        "student: 4",
        "folder",
    ):
        assert piece in text
    assert "student: 3 labelled clips and 12 unlabelled ones, 3 to validate on" in text
    assert "teacher: 3 labelled clips, 3 to validate on" in text


def test_pseudo_labels_and_settings_are_told(page):
    text = next(e for e in page.all("section") if e["id"] == "pseudo-labels")["text"]
    assert (
        "labelled 12 clips" in text
        and "learns from 8" in text
        and "repeated to 12" in text
        and "(threshold 0.3, soft yes, ratio 1)" in text
    )
    folded = page.all("details")
    assert len(folded) == 4 and '"seed": 3' in folded[0]["text"]


def test_people_get_no_banner(page):
    assert "Synthetic actors" not in "".join(e["text"] for e in page.all("header"))


def test_actors_get_a_banner(runs, tmp_path):
    files = []
    for file in runs.results:
        result = dataclasses.replace(load_result(file), sources=("actors",))
        result.save(tmp_path / file.name)
        files.append(tmp_path / file.name)
    page = Reader(build_report([runs.teacher], files, tmp_path / "r.html").read_text())
    head = page.all("header")[0]["text"]
    assert "Synthetic actors, not people." in head and "Every number below" in head
    assert "No run of this report has the checkpoint of " in head and "/student_split.json" in head
    assert "no film strips: no cache was given" in head


def test_runs_alone_and_results_alone(runs, tmp_path):
    page = Reader(build_report([runs.student], [], tmp_path / "a.html").read_text())
    assert not [e for e in page.all("section") if e["id"] == "results"]
    assert "trained, but not measured" in page.all("header")[0]["text"]
    page = Reader(build_report([], runs.results[:1], tmp_path / "b.html").read_text())
    assert [e for e in page.all("section") if e["id"] == "results"]


def test_folds_together_are_called_by_their_folder(runs, tmp_path):
    values = json.loads(runs.results[0].read_text())
    values |= {"split": "10 folds", "checkpoint_hash": "ab" * 32}
    values["protocol"] |= {"folds": 10, "disjoint_by": "subject"}
    file = tmp_path / "fan" / "classification.json"
    file.parent.mkdir()
    file.write_text(json.dumps(values))
    page = Reader(build_report([], [file], tmp_path / "r.html", runs.cache).read_text())
    assert page.all("h1")[0]["text"] == "vidfer report: fan"
    assert "No run of this report" not in page.all("header")[0]["text"]
    group = next(e["text"] for e in page.all("th") if e.get("class") == "group")
    assert "No subject of a clip was trained on by the network that was measured on it." in group


def test_transductive_results_stand_apart(runs, tmp_path):
    values = json.loads(runs.results[1].read_text())
    values["protocol"] |= {"inference": "transductive", "base_classes": "happy", "disjoint_by": "clip"}
    file = tmp_path / "together.json"
    file.write_text(json.dumps(values))
    page = Reader(build_report([runs.teacher], [runs.results[1], file], tmp_path / "r.html").read_text())
    groups = [e["text"] for e in page.all("th") if e.get("class") == "group"]
    assert [("transductive" in text, "scored together" in text) for text in groups] == [
        (False, False), (True, True)
    ]  # fmt: skip
    assert "Trained on happy. No clip was trained on by these networks;" in groups[1]
    assert len([e for e in page.all("img") if "Accuracy over shots" in e["alt"]]) == 2


def test_person_disjoint_episodes_stand_apart(runs, tmp_path):
    values = json.loads(runs.results[1].read_text())
    values["identity_overlap"] = {"same_queries": 6, "same_right": 3, "other_queries": 4, "other_right": 1}
    (anybody := tmp_path / "anybody.json").write_text(json.dumps(values))
    values["protocol"] |= {"person_disjoint": True}
    values["identity_overlap"] = None
    (others := tmp_path / "others.json").write_text(json.dumps(values))
    page = Reader(build_report([runs.teacher], [anybody, others], tmp_path / "r.html").read_text())
    groups = [e["text"] for e in page.all("th") if e.get("class") == "group"]
    overlap = f"6 queries ({600 / sum(map(sum, values['confusion'])):.1f} %)"
    assert [("2-shot person-disjoint" in text, overlap in text) for text in groups] == [
        (False, True), (True, False)
    ]  # fmt: skip
    card = model_card(runs.teacher, [anybody, others])
    assert card.count("-way") == 2 * card.count("-shot person-disjoint") > 0


def test_a_run_that_has_only_begun(tmp_path):
    folder = tmp_path / "begun"
    folder.mkdir()
    (folder / "settings.json").write_text('{"seed": 5}')
    (folder / "metrics.jsonl").write_text('{"epoch": 1, "loss": 2.0}\n{"epoch": 2, "lo')
    page = Reader(build_report([folder], [], tmp_path / "begun.html").read_text())
    assert "begun: 5" in page.all("main")[0]["text"]
    assert any("Loss over epochs: begun ends at 2." in e["alt"] for e in page.all("img"))


def test_names_of_clips_cannot_break_out_of_the_page(runs, tmp_path):
    file = tmp_path / "odd.json"
    values = json.loads(runs.results[0].read_text())
    values["rows"][0]["clip"] = values["rows"][0]["subject"] = "<script>alert(1)</script>"
    values["rows"][0]["accuracy"] = 0.0
    file.write_text(json.dumps(values))
    page = Reader(build_report([], [file], tmp_path / "odd.html").read_text())
    assert not page.all("script")


def test_several_seeds_of_one_method_are_also_compared_together(runs, tmp_path):
    folders, files, accuracies = [], [], []
    for seed in (0, 1):
        pinned = {}
        for kind, source in (("teacher", runs.teacher), ("student", runs.student)):
            folder = tmp_path / f"{kind}-{seed}"
            shutil.copytree(source, folder)
            settings = json.loads((folder / "settings.json").read_text()) | {"seed": seed}
            (folder / "settings.json").write_text(json.dumps(settings))
            shutil.rmtree(folder / "checkpoints")
            model = build_recogniser(load_checkpoint(source / "checkpoints/best")[0].settings, CLASSES)
            info = {"teacher_hash": pinned["teacher"]} if kind == "student" else {}
            pinned[kind] = save_checkpoint(folder / "checkpoints/best", model, info)
            result = load_result(runs.results[0 if kind == "teacher" else 2])
            rows = [
                row | {"accuracy": float((i + seed + (kind == "student")) % 3 > 0)}
                for i, row in enumerate(result.rows)
            ]
            accuracies.append(sum(row["accuracy"] for row in rows) / len(rows))
            result = dataclasses.replace(result, checkpoint_hash=pinned[kind], rows=rows)
            files.append(tmp_path / f"{kind}-{seed}.json")
            result.save(files[-1])
            folders.append(folder)
    page = Reader(build_report(folders, files, tmp_path / "seeds.html").read_text())
    rows = [e for e in page.all("tr") if e.get("data-measure") == "WAR"]
    names = [page.inside(row, "th")[0]["text"] for row in rows]
    assert names == [
        "student-0 − teacher-0",
        "student-1 − teacher-1",
        "student (mean of 2 seeds) − teacher (mean of 2 seeds)",
    ]
    t0, s0, t1, s1 = accuracies
    means = [float(page.inside(row, "data")[0]["value"]) for row in rows]
    assert means == pytest.approx([s0 - t0, s1 - t1, (s0 + s1 - t0 - t1) / 2])


def test_mistakes_are_named(runs, tmp_path):
    out = tmp_path / "r.html"
    with refused(SettingError, "--runs", "--results"):
        build_report([], [], out)
    with refused(RunError, tmp_path, "settings.json"):
        build_report([tmp_path], [], out)
    with refused(RunError, runs.teacher):
        build_report([runs.teacher, runs.teacher], [], out)
    with refused(ResultError, "/teacher_split.json", "/copy.json"):
        copy = tmp_path / "copy.json"
        copy.write_text(runs.results[0].read_text())
        build_report([runs.teacher], [runs.results[0], copy], out)
    with refused(ResultError, "metrics.jsonl", "`vidfer eval`"):
        build_report([], [runs.teacher / "metrics.jsonl"], out)
    other = tmp_path / "other.json"
    dataclasses.replace(load_result(runs.results[0]), cache_hash="f" * 64).save(other)
    with refused(CacheError, runs.cache, "f" * 12):
        build_report([runs.teacher], [other], out, runs.cache)
    assert not out.exists()


def test_a_folder_of_results_is_as_good_as_its_files(runs, tmp_path):
    folder = tmp_path / "box"
    folder.mkdir()
    shutil.copy(runs.results[0], folder / "classification.json")
    shutil.copy(runs.results[1], folder / "fewshot.json")
    assert report.main(["--results", str(folder), "--out", str(tmp_path / "r.html")]) == 0
    page = Reader((tmp_path / "r.html").read_text())
    shown = {row["data-result"].rpartition("/")[2] for row in page.all("tr") if "data-result" in row}
    assert shown == {"classification.json", "fewshot.json"}
    with refused(ResultError, tmp_path, "`vidfer eval`"):
        report.main(["--results", str(tmp_path), "--out", str(tmp_path / "other.html")])
