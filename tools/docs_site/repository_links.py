"""Links between files of the repository, as they work on GitHub, become links between pages of the site."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from posixpath import dirname, join, normpath, relpath

LINK = re.compile(r"""(\]\(|\b(?:src|href)=")([^)"\s#]+)(#[^)"\s]*)?([)"])""")
"""In Markdown, and in HTML that stands in it."""

CODE = re.compile(r"(^ *```.*?^ *```|`[^`\n]*`)", re.MULTILINE | re.DOTALL)

PLACES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "tools/README.md": "tools.md",
}
"""Where pages outside of docs/ stand on the site."""

PATTERNS = ((r"vidfer/zoo/(\w+)/README\.md", r"networks/\1.md"), (r"recipes/(\w+)\.py", r"recipes/\1.md"))
"""The card of each network in the box, and the page of each recipe, in place of its code."""


def site_path(name: str) -> str:
    """The place on the site of a file of the repository, both relative.

    Pages of docs/ keep their name. What is no page is copied into ``files/``.
    """
    if name in PLACES:
        return PLACES[name]
    for pattern, place in PATTERNS:
        if re.fullmatch(pattern, name):
            return re.sub(pattern, place, name)
    return name.removeprefix("docs/") if name.startswith("docs/") else f"files/{name}"


def linked_files(root: Path, pages: Mapping[str, str]) -> list[str]:
    """Files outside of docs/ that pages link to and that are no pages themselves.

    Args:
        root: the repository.
        pages: text by the page's name in the repository.
    """
    found = set()
    for name, text in pages.items():
        for link in LINK.findall(CODE.sub("", text)):
            found.add(normpath(join(dirname(name), link[1])))
    return sorted(name for name in found if site_path(name).startswith("files/") and (root / name).is_file())


def with_site_links(text: str, name: str) -> str:
    """The text of a page with its links between files of the repository turned into those of the site.

    Args:
        text: Markdown.
        name: the page's name in the repository.
    """
    here = dirname(site_path(name)) or "."

    def turned(link: re.Match[str]) -> str:
        if "://" in link[2] or link[2].startswith("mailto:"):
            return link[0]
        target = site_path(normpath(join(dirname(name), link[2])))
        return f"{link[1]}{relpath(target, here)}{link[3] or ''}{link[4]}"

    parts = CODE.split(text)
    return "".join(part if CODE.fullmatch(part) else LINK.sub(turned, part) for part in parts)
