"""Text files that are either there as a whole or not at all, whatever kills the process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vidfer.store.durable import replace_durably


def write_text(path: Path, text: str) -> None:
    """Writes a text file under a temporary name and renames it; makes its folder if needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_bytes(text.encode())
    replace_durably(temporary, path)


def write_json(path: Path, value: Any) -> None:
    """Writes plain JSON data for people to read, as :func:`write_text` does."""
    write_text(path, json.dumps(value, indent=2) + "\n")
