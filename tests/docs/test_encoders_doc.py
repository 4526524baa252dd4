"""The page of pretrained encoders holds the very table that the program has."""

import os
from pathlib import Path

from vidfer.models.pretrained.describe import markdown

PAGE = Path(__file__).resolve().parents[2] / "docs" / "encoders.md"
MARK = "<!-- table -->\n"


def test_the_page_has_the_table():
    """REWRITE_FROZEN=1 writes it anew."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, table = page.partition(MARK)
    if os.environ.get("REWRITE_FROZEN"):
        PAGE.write_text(f"{before}{MARK}\n{markdown()}", encoding="utf-8")
    else:
        assert table == f"\n{markdown()}", (
            "REWRITE_FROZEN=1 pytest tests/docs/test_encoders_doc.py rewrites it"
        )
