"""How the site makes formulas, lists and links of what GitHub reads."""

import inspect
import re
import sys

import markdown
import pytest


@pytest.fixture(scope="module", autouse=True)
def docs_site(tools):
    sys.path.insert(0, str(tools / "docs_site"))
    yield
    sys.path.remove(str(tools / "docs_site"))


def shown(text: str) -> str:
    from mathml import FormulaExtension

    return markdown.markdown(text, extensions=["tables", "fenced_code", FormulaExtension()])


def test_formulas_in_a_line_and_on_their_own_become_mathml():
    page = shown("With $x_i^2 < 1$ and $a*b*c$:\n\n$$\n\\sum_{i=1}^N \\alpha_i\n$$\n")
    assert page.count("<math") == 3 and page.count('display="block"') == 1
    assert 'alttext="x_i^2 &lt; 1"' in page and "<em>" not in page and "$" not in page


@pytest.mark.parametrize(
    "text",
    ["It costs $5 or $6.", "`$x$`", "```\n$x$ $$y$$\n```", "$HOST:80 and $PORT", "a\\$x\\$ b", "$ x $"],
)
def test_other_dollars_stay(text):
    assert "<math" not in shown(text) and shown(text).count("$") == text.count("$")


def test_a_formula_in_a_table_and_in_a_heading():
    page = shown("## The weight $\\alpha$\n\n| a | b |\n|---|---|\n| $\\beta$ | 1 |\n")
    assert page.count("<math") == 2 and "<td><math" in page


@pytest.mark.parametrize("formula", [r"\arg\min_s x", r"\operatorname*{arg\,min}_s x", r"\argmin_s x"])
def test_arg_min_is_one_word_in_all_its_spellings(formula):
    assert "arg&#x02009;min</mo><mi>s</mi>" in shown(f"${formula}$")


@pytest.mark.parametrize("formula", [r"\frac", r"\unheard{x}", r"\begin{aligned} a &= b \end{aligned}"])
def test_what_cannot_be_shown_is_refused_with_the_formula(formula):
    with pytest.raises(ValueError, match=re.escape(formula)):
        shown(f"${formula}$")


@pytest.mark.parametrize(
    ("github", "other"),
    [
        ("text\n- a\n  more\n- b\n", "text\n\n- a\n    more\n- b\n"),
        ("- a\n  - b\n    c\n- d\n", "- a\n    - b\n        c\n- d\n"),
        ("1. a\n\n   b\n2. c\n", "1. a\n\n    b\n\n2. c\n"),
        ("- a\n\n      code\n\n  b\n", "- a\n\n        code\n\n    b\n"),
        ("- a\n  ```\n  - x\n  ```\n", "- a\n    ```\n    - x\n    ```\n"),
        ("text\n```\n- x\n1. y\n```\n", "text\n```\n- x\n1. y\n```\n"),
        ("- a\n\ntext\n\n    code\n", "- a\n\ntext\n\n    code\n"),
    ],
)
def test_lists_get_the_room_that_python_markdown_needs(github, other):
    from github_lists import with_room_around_lists

    assert with_room_around_lists(github) == other


@pytest.mark.parametrize(
    ("page", "link", "there"),
    [
        ("README.md", "docs/cache.md#schema-2", "cache.md#schema-2"),
        ("README.md", "docs/images/film.jpg", "images/film.jpg"),
        ("docs/evaluation.md", "../tools/README.md#how-a-study-runs", "tools.md#how-a-study-runs"),
        ("docs/results/basic7.md", "../../vidfer/zoo/basic7/README.md", "../networks/basic7.md"),
        ("docs/models.md", "training.md", "training.md"),
        ("docs/training.md", "../recipes/protocols/crn.yaml", "files/recipes/protocols/crn.yaml"),
        ("docs/training.md", "../recipes/egs.py", "recipes/egs.md"),
        ("docs/training.md", "#speed", "#speed"),
        ("README.md", "https://example.org/docs/x.md", "https://example.org/docs/x.md"),
    ],
)
def test_links_between_files_become_links_between_pages(page, link, there):
    from repository_links import with_site_links

    text = '[it]({0}) and `[code](docs/x.md)`, <img src="{0}">\n\n```\n[code](docs/x.md)\n```\n'
    assert with_site_links(text.format(link), page) == text.format(there)


def test_files_that_pages_link_to_are_copied(tools):
    from repository_links import linked_files

    pages = {"docs/training.md": "[a](../recipes/protocols/crn.yaml) [b](cache.md) [c](../recipes/no.yaml)"}
    assert linked_files(tools.parent, pages) == ["recipes/protocols/crn.yaml"]


def test_short_code_and_options_stay_on_one_line():
    from whole_words import with_whole_words

    code = "vidfer predict film.mp4 --video a--b"
    long = "--pseudo.min-calibration-clips N"
    block = "<pre><span></span><code><b>--out</b></code></pre>"
    html = f"<p><code>clips.csv</code> <code>{code}</code> <code>{long}</code></p>{block}"
    written = with_whole_words(html)
    assert '<code class="whole">clips.csv</code>' in written
    assert 'film.mp4 <span class="whole">--video</span> a--b</code>' in written
    assert '<code><span class="whole">--pseudo</span>.min-calibration-clips N</code>' in written
    assert written.endswith("<code><b>--out</b></code></pre>")
    assert re.sub(r' class="whole"|</?span[^>]*>', "", written) == html.replace("<span></span>", "")


def test_a_docstring_becomes_lists():
    from docstrings import prose

    text = """Do it, see :func:`vidfer.load`.

    More about it.

    Args:
        one, two: first
            and second, ``a: b``.
        other: third.

    Returns:
        a number.

    Raises:
        DataError: never.
    """
    assert prose(inspect.cleandoc(text)).splitlines() == [
        "Do it, see `vidfer.load`.",
        "",
        "More about it.",
        "",
        "**Arguments**",
        "",
        "- `one`, `two`: first and second, `a: b`.",
        "- `other`: third.",
        "",
        "**Returns**",
        "",
        "a number.",
        "",
        "**Raises**",
        "",
        "- `DataError`: never.",
    ]


def test_signatures_and_fields_come_from_the_source():
    from docstrings import field_table, signature

    from vidfer.clips import Clip
    from vidfer.infer.settings import FilmSettings

    def add(self, one: "int", *, other: "str | None" = None) -> "list[int]": ...

    assert signature("add", add) == "```python\nadd(one: int, *, other: str | None = None) -> list[int]\n```"
    rows = field_table(Clip).splitlines()
    assert "| `label` | <code>str &#124; None</code> | Canonical expression name" in "".join(rows)
    assert any("| `face` |" in row and "`'all'`" in row for row in field_table(FilmSettings).splitlines())
    assert any("| `fps` |" in row for row in field_table(FilmSettings).splitlines()), "of the class above it"
