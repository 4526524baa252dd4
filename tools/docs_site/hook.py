"""What mkdocs calls while it builds the site: pages from the code, links as on GitHub, formulas as MathML."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # the pages are about the code of this checkout

from api_page import api_page  # noqa: E402
from command_pages import command_navigation, command_pages  # noqa: E402
from github_lists import with_room_around_lists  # noqa: E402
from mathml import FormulaExtension, formula_block  # noqa: E402
from mkdocs.config.defaults import MkDocsConfig  # noqa: E402
from mkdocs.structure.files import File, Files  # noqa: E402
from mkdocs.structure.pages import Page  # noqa: E402
from recipe_pages import recipe_navigation, recipe_pages  # noqa: E402
from repository_links import PLACES, linked_files, site_path, with_site_links  # noqa: E402
from whole_words import with_whole_words  # noqa: E402

WRITTEN: dict[str, str] = {}
"""Names in the repository of the pages that are written by hand, by their place on the site."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Read formulas, and put the pages that are made from code into the navigation."""
    config.markdown_extensions.append(FormulaExtension())
    fences = config.mdx_configs.setdefault("pymdownx.superfences", {}).setdefault("custom_fences", [])
    fences.append({"name": "math", "class": "math", "format": formula_block})
    _fill(config.nav, {"commands/": command_navigation(), "recipes/": recipe_navigation()})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add pages from outside docs/, pages made from code, and files that pages link to."""
    WRITTEN.clear()
    WRITTEN.update({page.src_uri: f"docs/{page.src_uri}" for page in files.documentation_pages()})
    outside = [*PLACES, *(card.relative_to(ROOT).as_posix() for card in ROOT.glob("vidfer/zoo/*/README.md"))]
    for name in outside:
        WRITTEN[site_path(name)] = name
        files.append(File.generated(config, site_path(name), abs_src_path=str(ROOT / name)))
    made = command_pages() | recipe_pages() | {"api.md": api_page()}
    for path, text in made.items():
        files.append(File.generated(config, path, content=text))
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in WRITTEN.values()}
    for name in linked_files(ROOT, texts):
        files.append(File.generated(config, site_path(name), abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The text of a page as Python-Markdown understands it, with links that work on the site."""
    name = WRITTEN.get(page.file.src_uri)
    page.meta.setdefault("search", {})["boost"] = _boost(name or "")
    if not name:
        return markdown  # made for the site
    markdown = markdown.replace("<details>", '<details markdown="1">')  # GitHub reads Markdown in it unasked
    return with_site_links(with_room_around_lists(markdown), name)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The HTML of a page, so that its code can be read in a narrow window."""
    return with_whole_words(html)


def _boost(name: str) -> float:
    """How much a page counts in the search; ``name`` is empty for a page that is made from code."""
    if re.fullmatch(r"docs/(howto/)?\w+\.md", name):
        return 2.0  # it says how something is done
    return 1.0 if name.startswith("docs/") else 0.3


def _fill(nav: list, parts: dict[str, list]) -> None:
    """Put a part in place of its name wherever the navigation has it."""
    for entry in nav:
        for title, place in entry.items() if isinstance(entry, dict) else ():
            if isinstance(place, list):
                _fill(place, parts)
            elif place in parts:
                entry[title] = parts[place]
