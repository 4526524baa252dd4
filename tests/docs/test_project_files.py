"""Files that other programs read: the citation, the forms for issues, and the recipe of the image."""

import re
from pathlib import Path

import pytest
import yaml

import vidfer

ROOT = Path(__file__).resolve().parents[2]
FORMS = sorted(ROOT.glob(".github/ISSUE_TEMPLATE/*.yml"))
KINDS = {"markdown": {"value"}, "textarea": {"label"}, "input": {"label"}}
"""Kinds of fields that the forms have, and what each of them must say."""


def read(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_citation_has_what_its_format_asks_for():
    cited = read(ROOT / "CITATION.cff")
    assert cited["cff-version"] == "1.2.0" and cited["message"] and cited["title"]
    assert (cited["type"], cited["license"]) == ("software", "Apache-2.0")
    for one in (cited, *cited["references"]):
        assert all(
            {"name"} <= author.keys() or {"family-names"} <= author.keys() for author in one["authors"]
        )
    for one in cited["references"]:
        assert {"type", "title", "authors", "year"} <= one.keys()
        assert one["type"] in ("conference-paper", "article")


def test_every_file_names_the_same_version():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    declared = re.search(r'^version = "(.+)"$', text, re.MULTILINE)[1]
    assert declared == vidfer.__version__ == read(ROOT / "CITATION.cff")["version"]


def test_the_citation_names_the_papers_of_the_page():
    page = (ROOT / "docs/howto/cite.md").read_text(encoding="utf-8")
    titles = {title.lower() for title in re.findall(r"^  title\s+= \{(.+)\}", page, re.MULTILINE)}
    cited = read(ROOT / "CITATION.cff")
    assert titles == {one["title"].lower() for one in (cited, *cited["references"])}


@pytest.mark.parametrize("path", [one for one in FORMS if one.stem != "config"], ids=lambda path: path.stem)
def test_a_form_is_one(path):
    form = read(path)
    assert {"name", "description", "body"} <= form.keys()
    names = [field["id"] for field in form["body"] if field["type"] != "markdown"]
    assert len(set(names)) == len(names) > 0
    for field in form["body"]:
        assert KINDS[field["type"]] <= field["attributes"].keys()


@pytest.mark.parametrize("name", ["bug", "broken_video"])
def test_who_reports_a_fault_is_asked_for_the_machine(name):
    fields = read(ROOT / f".github/ISSUE_TEMPLATE/{name}.yml")["body"]
    assert ["vidfer doctor --json" in str(field) for field in fields if field.get("id") == "doctor"] == [True]


def test_the_image_is_built_from_all_that_the_wheel_is_built_from():
    """Of the folder only what .dockerignore lets through reaches the image."""
    let_through = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    assert all((ROOT / name).exists() for name in let_through)
    assert {"vidfer", "recipes", "pyproject.toml", "setup.py", "README.md", "LICENSE"} <= {*let_through}
    copied = re.findall(r"^COPY (\S+) ", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert all(name in (".", *let_through) for name in copied)
