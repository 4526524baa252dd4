"""Python on the pages of the documentation runs as it stands there, and shell scripts are well formed."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import yaml
from made_up_caches import make_cache
from made_up_predictions import write_all_tables
from made_up_results import classification
from PIL import Image

import vidfer
from vidfer.actors.draw import draw_clip
from vidfer.actors.encode import encode
from vidfer.actors.identity import sample_identity
from vidfer.evaluate.comparison import compare_results
from vidfer.evaluate.comparison_table import write_comparisons
from vidfer.infer.totals import totals_columns, totals_of, totals_row
from vidfer.tables import write_table

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

OWN_TEST = {
    "docs/extending.md": "test_extending_doc.py",
    "docs/onnx.md": "test_onnx_doc.py",
    "docs/python.md": "test_python_doc.py",
    "docs/sources.md": "test_sources_doc.py",
}
"""Pages whose Python is run by a test of their own, which also looks at what it gives."""


def blocks(page: Path, languages: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    found = re.findall(rf"^( *)```(?:{languages})\n(.*?)^\1```", text, re.M | re.S)
    return [re.sub(rf"^{indent}", "", code, flags=re.M) for indent, code in found]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


PYTHON = [(page, code) for page in PAGES if name_of(page) not in OWN_TEST for code in blocks(page, "python")]
SHELL = [page for page in PAGES if blocks(page, "sh|bash")]


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with the films, pictures, caches and results that the pages name."""
    folder = tmp_path_factory.mktemp("snippets")
    identity = sample_identity(np.random.default_rng(2))
    for number, name in enumerate(("a", "c", "d", "film")):
        frames, _ = draw_clip(
            identity, "happy", seed=number, setting="studio", n_frames=8, fps=25, size=(320, 240)
        )
        encode(frames, folder / f"{name}.mp4", fps=25, crf=18)
    Image.fromarray(np.asarray(frames[0])).save(folder / "b.jpg")
    summed = write_all_tables(folder / "predictions" / "films", {"a/film.mp4": {0: "hhh??"}})
    rows = [totals_row(one, summed.classes) for one in totals_of(summed, "person")]
    write_table(folder / "people.csv", totals_columns(summed.classes), rows)
    (folder / "cache").mkdir()
    make_cache(folder / "cache", lengths=(5, 7)).rename(folder / "cache" / "afew.h5")
    for name, right in {"teacher": (1.0, 0.0, 1.0), "student": (1.0, 1.0, 1.0)}.items():
        classification(right).save(folder / name / "classification.json")
    compared = compare_results([folder / name for name in ("teacher", "student")])
    write_comparisons(compared, folder / "comparison.csv")
    return folder


@pytest.mark.parametrize(("page", "code"), PYTHON, ids=[name_of(page) for page, _ in PYTHON])
def test_python_runs(place, page, code, monkeypatch, capsys):
    if "import pandas" in code:
        pytest.importorskip("pandas")
    monkeypatch.chdir(place)
    names: dict = {}
    exec(compile(code, str(page), "exec"), names)
    if "matplotlib.pyplot" in code:
        names["plt"].close("all")  # other tests look whether figures are open
    said = capsys.readouterr().out
    told = {
        "docs/cache.md": lambda: names["mouth"].shape == (32, 32, 3) and names["mouth"].std() > 10,
        "docs/models.md": lambda: names["model"].classes == ("happy", "sad"),
        "docs/own_expressions.md": lambda: len(said.splitlines()) == 8,
        "docs/howto/analyse.md": lambda: "share_happy" in said or Path("happy.png").stat().st_size > 10_000,
        "docs/howto/paper_table.md": lambda: said.count("+33.3 [+0.0, +50.0]") == 1 and "nan" not in said,
    }
    assert told.get(name_of(page), bool)(), said


@pytest.mark.parametrize(("page", "test"), OWN_TEST.items())
def test_a_page_with_a_test_of_its_own_is_read_by_it(page, test):
    assert Path(page).name in Path(__file__).with_name(test).read_text(encoding="utf-8")
    assert blocks(ROOT / page, "python")


@pytest.mark.parametrize("page", SHELL, ids=name_of)
def test_shell_scripts_have_no_slip_in_their_syntax(page):
    for code in blocks(page, "sh|bash"):
        done = subprocess.run(["bash", "-n"], input=code, capture_output=True, text=True)
        assert done.returncode == 0, f"{code}\n{done.stderr}"


def test_every_block_is_of_a_kind_that_a_test_looks_at():
    kinds = {kind for page in PAGES for kind in re.findall(r"^ *```(\w+)$", page.read_text("utf-8"), re.M)}
    # r: test_doc_tables.py reads it; text: what a program says
    assert kinds <= {"python", "sh", "bash", "yaml", "bibtex", "math", "r", "text"}


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "yaml")], ids=name_of)
def test_yaml_can_be_read(page):
    assert all(isinstance(yaml.safe_load(code), dict) for code in blocks(page, "yaml"))


def test_references_are_whole_and_name_this_version():
    (own, papers) = blocks(ROOT / "docs" / "howto" / "cite.md", "bibtex")
    assert f"version = {{{vidfer.__version__}}}" in own
    entries = re.split(r"^(?=@)", own + papers, flags=re.M)[1:]
    assert len(entries) == 6
    for entry in entries:
        assert entry.count("{") == entry.count("}") and re.match(r"@\w+\{\w+,\n", entry)
        assert {"title", "author", "year"} <= {*re.findall(r"^  (\w+) +=", entry, re.M)}
