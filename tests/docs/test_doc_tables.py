"""Tables of the documentation are tables, and columns that a page names stand in the files."""

import re
from pathlib import Path

import pytest

from vidfer.infer.totals import totals_columns

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*(ROOT / name for name in ("README.md", "CHANGELOG.md")), *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_rows_belong_to_a_table(page):
    """A blank line in a table would turn the rows below it into text."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for table in re.findall(r"(?:^\|.*\n)+", text, re.M):
        assert re.match(r".*\n\|[ :|-]+\|\n", table), table.partition("\n")[0]


def test_the_columns_for_statistics_are_in_the_table_of_people():
    page = (ROOT / "docs/howto/analyse.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```r\n(.*?)^```", page, re.M | re.S)
    made = {*re.findall(r"\$(\w+) <-", code)}
    read = {*re.findall(r"\$(\w+)\b(?! <-)", code), *re.findall(r"(\w+) ~ ", code)}
    assert read == {"input", "mean_happy"} <= {*totals_columns(["happy"])} and made == {"group", "person"}
