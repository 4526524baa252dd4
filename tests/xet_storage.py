"""The storage of the hub for large files, Xet, as far as hf_xet asks for it when it uploads a file.

A file comes as *xorbs*, which are rows of chunks, and a *shard*, which says what they make up. Here the
chunks must come as they are, as those of random bytes do, and in their order.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field

TOKEN = "xet_token"
CHUNK_HEAD = 8
"""Bytes before each chunk: version, length (3), compression, length when it is unpacked (3)."""


@dataclass
class XetStorage:
    xorbs: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    """SHA-256 -> content."""
    reports: list[bytes] = field(default_factory=list)
    """What hf_xet has told about itself and the machine."""

    def answer(self, method: str, path: str, body: bytes, address: str) -> tuple[dict, int] | None:
        """JSON and a status; nothing for a path that is not of this storage."""
        if "/xet-write-token/" in path:
            return {"casUrl": address, "exp": int(time.time()) + 3600, "accessToken": TOKEN}, 200
        if not path.startswith(("/v1/", "/v2/")):
            return None
        if path.startswith("/v1/xorbs/"):
            self.xorbs[path] = _unpacked(body)
            return {"was_inserted": True}, 200
        if path == "/v1/shards":
            content = b"".join(self.xorbs.values())
            self.files[hashlib.sha256(content).hexdigest()] = content
            return {"result": 1}, 200
        if path == "/v1/telemetry":
            self.reports.append(body)
            return {}, 200
        return {}, 404  # known chunks, grants, newer ways: there are none


def _unpacked(xorb: bytes) -> bytes:
    """The chunks of a xorb, one after the other."""
    content, at = b"", 0
    while at < len(xorb) and xorb[at] == 0:
        length = int.from_bytes(xorb[at + 1 : at + 4], "little")
        assert xorb[at + 4] == 0, "the chunks are compressed"
        content += xorb[at + CHUNK_HEAD : at + CHUNK_HEAD + length]
        at += CHUNK_HEAD + length
    return content
