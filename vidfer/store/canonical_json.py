"""One text for equal values: what is hashed, and what is compared between files."""

from __future__ import annotations

import hashlib
import json


def canonical_json(value) -> str:
    """One text per value, whatever the order in which its keys were written."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def json_hash(value) -> str:
    """SHA-256 of a value as canonical JSON. File names that are not valid Unicode are accepted."""
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()
