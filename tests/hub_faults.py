"""Faults of a server in the middle of its work: an error, or a connection that breaks."""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

RESET = 0
"""In place of a status: the connection breaks."""


@dataclass
class Fault:
    """What happens to the requests whose ``METHOD path`` matches."""

    request: str
    """A regular expression."""
    status: int = RESET
    message: str = ""
    """The words of the server about it."""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    done: bool = False
    """What was asked is done all the same; only the answer is lost."""
    then: Callable[[], None] | None = None
    """Something that happens at this moment, in the thread of the server."""
    times: int = 10**6
    """So many requests meet it."""


def fault_of(faults: list[Fault], method: str, path: str) -> Fault | None:
    """The first fault that a request meets; it counts."""
    for one in faults:
        if one.times > 0 and re.search(one.request, f"{method} {path}"):
            one.times -= 1
            return one
    return None


def break_connection(handler: BaseHTTPRequestHandler) -> None:
    """Answer with RST, as a router or a server does that has lost the connection."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True
