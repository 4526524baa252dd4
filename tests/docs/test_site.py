"""The site of the documentation builds without a warning, and shows what GitHub shows and the code has."""

import inspect
import json
import re
import sys
from collections import Counter
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import pytest
from driven_browser import driven_browser
from local_server import local_server
from markdown_it import MarkdownIt
from mkdocs.commands.build import build
from mkdocs.config import load_config
from option_pages import Page, command_page, options_in, recipe_page

import vidfer
from vidfer.commands.main import COMMANDS
from vidfer.commands.recipes import RECIPES
from vidfer.models.encoders import ENCODERS
from vidfer.models.heads import HEADS

ROOT = Path(__file__).resolve().parents[2]
AT_THE_ROOT = {
    "README.md": "index.html",
    "CHANGELOG.md": "changelog.html",
    "CONTRIBUTING.md": "contributing.html",
}
PAGES = [*(ROOT / name for name in AT_THE_ROOT), *sorted((ROOT / "docs").rglob("*.md"))]
STRUCTURE = {"ul", "ol", "li", "table", "tr", "pre", "h1", "h2", "h3", "h4", "img", "code", "blockquote"}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The folder of the built site. A warning of mkdocs is an error here."""
    folder, path = tmp_path_factory.mktemp("site"), sys.path.copy()
    build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(folder), strict=True))
    sys.path[:] = path
    return folder


def built(page: Path) -> str:
    """The place on the site of a page that is written by hand."""
    name = page.relative_to(ROOT).as_posix()
    return AT_THE_ROOT.get(name) or re.sub(r"README\.md$", "index.md", name)[5:-3] + ".html"


class _Seen(HTMLParser):
    """Elements and links of a page; of a page of the site only what stands in its article."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.count, self.loaded, self.text = Counter(), [], []
        self.inside = "<article" not in html
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.inside |= tag == "article"
        self.count[tag] += self.inside
        known = dict(attributes)
        if tag in ("script", "img", "iframe", "source", "video"):
            self.loaded.append(known.get("src") or "")
        elif tag == "link" and known.get("rel") not in ("next", "prev", "canonical"):
            self.loaded.append(known["href"] or "")

    def handle_endtag(self, tag: str) -> None:
        self.inside &= tag != "article"

    def handle_data(self, data: str) -> None:
        self.text += [data] if self.inside else []


def test_every_page_is_in_the_navigation(site):
    def places(entries) -> set[str]:
        found = set()
        for entry in entries:
            for value in entry.values() if isinstance(entry, dict) else [entry]:
                found |= places(value) if isinstance(value, list) else {value}
        return found

    written = places(load_config(str(ROOT / "mkdocs.yml")).nav)
    assert {page.relative_to(ROOT / "docs").as_posix() for page in PAGES[3:]} <= written


def test_a_page_has_the_lists_tables_and_code_that_github_shows(site):
    github, other = MarkdownIt("commonmark").enable("table"), {}
    for page in PAGES:
        text = re.sub(r"\A---\n.*?\n---\n", "", page.read_text(encoding="utf-8"), flags=re.S)
        there = _Seen(github.render(text)).count
        here = _Seen((site / built(page)).read_text(encoding="utf-8")).count
        if wrong := {name: (there[name], here[name]) for name in STRUCTURE if there[name] != here[name]}:
            other[page.name] = wrong
    assert not other, "GitHub's count, the site's count"


def test_nothing_comes_from_another_host(site):
    for page in site.rglob("*.html"):
        loaded = _Seen(page.read_text(encoding="utf-8")).loaded
        assert not [link for link in loaded if re.match(r"(https?:)?//", link)], page


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_of_a_command_has_all_its_options(site, name):
    page = (site / f"commands/{name.replace(' ', '_')}.html").read_text(encoding="utf-8")
    every, usual = command_page(name, "--help-all"), command_page(name, "--help")
    if name.startswith("train "):  # the page of the recipe has the others
        recipe = name.removeprefix("train ")
        assert f'href="../recipes/{recipe}.html"' in page
        known = recipe_page(recipe, "--help-all")
        every = {option: line for option, line in every.items() if option not in known}
        assert "--processes" in every
    assert_options(page, every, usual)


@pytest.mark.parametrize("name", RECIPES)
def test_the_page_of_a_recipe_has_all_its_options(site, name):
    page = (site / f"recipes/{name}.html").read_text(encoding="utf-8")
    assert_options(page, recipe_page(name, "--help-all"), recipe_page(name, "--help"))


def plain_code(page: str) -> str:
    """A page without the marks of words that stay on one line."""
    return re.sub(
        r'<code class="whole">', "<code>", re.sub(r'<span class="whole">([^<]*)</span>', r"\1", page)
    )


def assert_options(page: str, every: Page, usual: Page) -> None:
    page = plain_code(page)
    cell = r"<td><code>(?P<name>[^\s<]+)[^<]*</code></td>\s*<td>.{10,}?</td>"
    folded = "".join(re.findall(r"<details.*?</details>", page, re.S))
    shown = [found["name"] for found in re.finditer(cell, page)]
    assert sorted(shown) == sorted(re.split("[ :,]", every[option])[0] for option in options_in(every))
    rare = {found["name"] for found in re.finditer(cell, folded)}
    assert rare == {*options_in(every)} - {*options_in(usual)}


@pytest.mark.parametrize(("part", "kinds"), [("encoder", ENCODERS), ("head", HEADS)])
def test_every_encoder_and_head_has_its_section(site, part, kinds):
    page = (site / f"recipes/{part}s.html").read_text(encoding="utf-8")
    assert re.findall(r'<h2 id="(\w+)"', page) == [*kinds]
    for name in kinds:
        section = plain_code(page.partition(f'<h2 id="{name}"')[2].partition("<h2 ")[0])
        options = options_in(recipe_page("fewshot", f"--{part}", name, "--help-all"))
        own = [option for option in options if option.startswith(f"--{part}.")]
        assert sorted(re.findall(r"<td><code>(--[\w.-]+)", section)) == sorted(own)


def test_the_python_reference_has_every_public_name_with_its_parameters(site):
    page = (site / "api.html").read_text(encoding="utf-8")
    names = re.findall(r'<h2 id="vidfer(\w+)"', page)
    assert page.count("<code>vidfer.errors.") == 10
    assert sorted(names) == sorted({name.lower() for name in vidfer.__all__} - {"__version__"})
    for function in (vidfer.load, vidfer.find_clips, vidfer.build_cache, vidfer.Predictor.stream):
        about = re.split(rf'<h\d id="\w*{function.__name__}"', page)[1].partition("<strong>Raises</strong>")[
            0
        ]
        told = re.findall(r"<li>(.*?):", about.partition("<strong>Arguments</strong>")[2])
        told = [plain_code(text) for text in told]
        own = {name for name in inspect.signature(function).parameters if name != "self"}
        assert {*re.findall(r"<code>(\w+)</code>", " ".join(told))} == own


def test_every_picture_has_a_text_for_those_who_cannot_see_it(site):
    for page in site.rglob("*.html"):
        article = page.read_text(encoding="utf-8").partition("<article")[2].partition("</article>")[0]
        for picture in re.findall(r"<img [^>]*>", article):
            assert re.search(r'alt="[^"]{15,}"', picture), (page.name, picture)


def test_the_search_and_a_narrow_window(site, tmp_path):
    served = partial(QuietHandler, directory=str(site))
    with local_server(served) as address, driven_browser(tmp_path) as browser:
        browser.look(390, 800, still=True)
        for page in ("index.html", "results/images.html", "commands/predict.html"):
            browser.open(f"{address}/{page}")
            browser.wait("document.readyState == 'complete' && document.querySelector('article h1')")
            assert browser.run("document.documentElement.scrollWidth") <= 390, page
        browser.run("document.querySelector('.md-search__input').focus()")
        browser.run("document.querySelector('.md-search__input').value = 'pseudo-label'")
        browser.run("document.querySelector('.md-search__input').dispatchEvent(new Event('keyup'))")
        browser.wait("document.querySelectorAll('.md-search-result__link').length > 2")
    assert browser.console == []


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_) -> None:
        pass


def test_a_search_finds_commands_results_and_the_changelog(site):
    found = json.loads((site / "search/search_index.json").read_text(encoding="utf-8"))["docs"]
    places = {entry["location"].partition("#")[0] for entry in found}
    assert {"commands/cache.html", "results/basic7.html", "changelog.html", "recipes/egs.html"} <= places
    boost = {entry["location"]: entry["boost"] for entry in found if "boost" in entry}
    assert boost["howto/gpu.html"] > boost["results/basic7.html"] > boost["commands/cache.html"]
