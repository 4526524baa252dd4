"""What the Hugging Face hub reads of a model card, read by its own library."""

import dataclasses
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from huggingface_hub import ModelCard
from networks import network

from vidfer.actors.draw import draw_clip
from vidfer.actors.encode import encode
from vidfer.actors.identity import sample_identity
from vidfer.commands.main import main as vidfer_program
from vidfer.evaluate.result import load_result
from vidfer.included import ZOO, included_networks
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import save_checkpoint
from vidfer.report.card_texts import HERE
from vidfer.report.model_card import model_card, write_model_card
from vidfer.responsible_use import ESSENCE, OF_INCLUDED
from vidfer.runs.learned_from import learned_from


@pytest.fixture
def run(runs, tmp_path) -> Path:
    """A copy of the student's run, which may be changed."""
    return Path(shutil.copytree(runs.student, tmp_path / "student"))


def change(file: Path, **fields) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | fields))


def test_the_hubs_library_reads_the_metadata_and_every_result(runs):
    data = ModelCard(model_card(runs.student, runs.results)).data
    assert (data.library_name, data.pipeline_tag) == ("vidfer", "video-classification")
    assert (data.license, data.license_name, data.license_link) == (
        "other",
        "terms-of-the-training-data",
        "LICENSE.md",
    )
    assert "few-shot" in data.tags and "synthetic-data" not in data.tags
    assert data.metrics == ["accuracy", "recall"] and data.base_model is None
    own = [load_result(file) for file in runs.results if file.stem.startswith("student")]
    wanted = {
        (name, round(interval.mean, 4), result.cache_hash)
        for result in own
        for name, interval in result.measures.items()
    }
    found = {(one.metric_name, one.metric_value, one.dataset_args["cache_hash"]) for one in data.eval_results}
    assert found == wanted and data.model_name == "student"
    recall = next(one for one in data.eval_results if one.metric_name == "UAR")
    assert recall.metric_type == "recall" and len(recall.metric_args["interval_95"]) == 2


def test_a_chosen_licence_takes_the_place_of_the_terms(runs):
    card = model_card(runs.teacher, licence="cc-by-nc-4.0")
    data = ModelCard(card).data
    assert data.license == "cc-by-nc-4.0" and data.license_name is None
    assert "`cc-by-nc-4.0`" in card and "No licence was chosen" not in card


@pytest.mark.parametrize("named", ["teacher", "teacher/checkpoints/best"])
def test_data_sets_are_those_of_the_runs_before_it_too(named, runs, run, tmp_path):
    teacher = shutil.copytree(runs.teacher, tmp_path / "teacher")
    change(teacher / "data.json", sources=["dfew:3"], unlabelled_sources=["afew"])
    change(run / "data.json", sources=["folder", "prediction", "ravdess"], unlabelled_sources=["actors"])
    change(run / "settings.json", teacher=str(tmp_path / named))
    card = model_card(run)
    assert ModelCard(card).data.datasets == ["dfew", "ravdess", "vidfer-synthetic-actors"]
    licences = card.partition("## Licences")[2]
    assert "`dfew:3`: on request from its authors" in licences and "CC BY-NC-SA 4.0" in licences
    for own in ("folder", "prediction"):
        assert f"own videos (`{own}`): what the people" in licences
    assert "afew" not in licences
    assert "not known" not in licences and str(tmp_path) not in card


def test_what_cannot_be_told_is_said(run):
    change(run / "settings.json", teacher="gone/checkpoints/best", init="basic7")
    learned = learned_from(run / "checkpoints" / "best")
    assert learned.networks == ("basic7",) and learned.sources == ("fer2013",)
    licences = model_card(run).partition("## Licences")[2]
    assert "not known: the checkpoint that --teacher named" in licences
    assert "`basic7`, which comes with vidfer" in licences and "sources are not recorded" in licences


def test_a_network_that_saw_drawn_faces_alone_is_no_use_on_people(run):
    change(run / "data.json", sources=["actors"], unlabelled_sources=["actors"])
    change(run / "settings.json", teacher=None)
    assert learned_from(run / "checkpoints" / "best").only_drawn
    assert "does not work on people" in model_card(run)
    change(run / "data.json", sources=["actors", "folder"])
    assert "does not work on people" not in model_card(run)


def test_pretrained_encoders_are_base_models(run):
    config = run / "checkpoints" / "best" / "config.json"
    model = json.loads(config.read_text())["model"]
    model["encoder"]["pretrained"] = "dinov2_s"
    change(config, model=model)
    card = model_card(run)
    assert ModelCard(card).data.base_model == ["timm/vit_small_patch14_reg4_dinov2.lvd142m"]
    assert "pretrained encoder `dinov2_s`: Apache-2.0" in card
    model["encoder"]["pretrained"] = "facenet"  # it is not on the hub
    change(config, model=model)
    assert ModelCard(model_card(run)).data.base_model is None


def test_a_network_from_the_hub_is_a_base_model(run):
    change(run / "settings.json", teacher=None, init="hf:/ann/faces@abc")  # as a path writes it
    change(run / "data.json", sources=["actors"], unlabelled_sources=["actors"])
    card = model_card(run)
    assert ModelCard(card).data.base_model == ["ann/faces"] and "does not work on people" not in card
    assert "`hf://ann/faces`: as its own card on the hub says" in card


def test_outside_a_run_folder_the_card_tells_the_data_sets(run, tmp_path):
    change(run / "data.json", sources=["actors", "ravdess"], unlabelled_sources=["actors"])
    write_model_card(run)
    alone = Path(shutil.copytree(run / "checkpoints" / "best", tmp_path / "far" / "away" / "alone"))
    learned = learned_from(alone)
    assert learned.sources == ("actors", "ravdess") and not learned.unknown


def test_terms_lie_beside_the_card_which_has_all_that_users_must_know(run):
    card = write_model_card(run).read_text()
    terms = (run / "checkpoints" / "best" / "LICENSE.md").read_text()
    assert terms.startswith("# Terms of student\n") and "not known: its training clips" in terms
    assert all((point in card) == (point != OF_INCLUDED) for point in ESSENCE) and "Not measured:" in card


def test_the_card_says_whom_it_was_measured_on(runs, tmp_path):
    own = [load_result(file) for file in runs.results if file.stem.startswith("teacher")]
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    dataclasses.replace(own[0], sources=("actors",), n_subjects=1234).save(files[0])
    alone = dataclasses.replace(own[0].main, low=None, high=None, n=1)
    changes = {"sources": ("dfew",), "n_subjects": None, "measures": {"WAR": alone}}
    dataclasses.replace(own[1], **changes).save(files[1])
    card = model_card(runs.teacher, files)
    assert "interval_95" not in ModelCard(card).data.eval_results[-1].metric_args
    said = card.partition("## Whom it was measured on")[2]
    assert "15 clips of 1,234 drawn actors (actors)" in said
    assert "15 clips of an unknown number of people (dfew)" in said


def test_the_examples_of_a_card_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    made = build_recogniser(network("resnet18", None, width=4, input_px=32), ("happy", "sad"))
    save_checkpoint(tmp_path / "run" / "checkpoints" / "best", made, {})
    (tmp_path / "run" / "settings.json").write_text("{}")
    identity = sample_identity(np.random.default_rng(2))
    images, _ = draw_clip(identity, "happy", setting="studio", seed=2, n_frames=6, fps=25, size=(320, 240))
    encode(images, tmp_path / "film.mp4", fps=25, crf=18)
    how = model_card(Path("run")).replace(HERE, "run/checkpoints/best").partition("## How to use it")[2]
    command, code = re.findall(r"```(?:python)?\n(.*?)```", how, re.S)[:2]
    monkeypatch.setattr("sys.argv", command.split())
    with pytest.raises(SystemExit) as ended:
        vidfer_program()
    assert ended.value.code == 0 and "film.mp4" in capsys.readouterr().out
    exec(compile(code, "card", "exec"), {})
    assert len(capsys.readouterr().out.splitlines()) == 6


@pytest.mark.parametrize("name", included_networks())
def test_metadata_of_an_included_network_are_the_figures_of_its_card(name):
    text = (ZOO / name / "README.md").read_text(encoding="utf-8")
    data = ModelCard(text).data
    found = [(f"{100 * one.metric_value:.1f}", one.metric_name) for one in data.eval_results]
    rows = re.findall(r"^\| .+ \| classification: (.+?) \| [\d.]+ \| ([\d.]+) % ", text, re.M)
    assert sorted(found) == sorted((value, measure) for measure, value in rows) and rows
    assert data.datasets == ["fer2013"] and (ZOO / name / data.license_link).is_file()
    assert all(point in text for point in ESSENCE)
