"""A server of one file on this machine, which can cut a transfer, or be slow."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from local_server import local_server


@dataclass
class WeightsServer:
    """What the server gives, and what it was asked for."""

    content: bytes
    address: str = ""
    ranges: bool = True
    """Whether it knows requests for a part of the file."""
    cut_after: list[int] = field(default_factory=list)
    """For each of the next connections: after how many bytes it is cut."""
    pause_after: int | None = None
    """After how many bytes a connection says nothing more, until :attr:`go_on`."""
    go_on: threading.Event = field(default_factory=threading.Event)
    sent: threading.Event = field(default_factory=threading.Event)
    """Set when the server pauses."""
    asked: list[int] = field(default_factory=list)
    """From which byte on each connection wanted the file."""


@contextmanager
def serving(content: bytes, **how) -> Iterator[WeightsServer]:
    """Serve a file on the loopback."""
    server = WeightsServer(content, **how)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != "/net.pth":
                self.send_error(404)
                return
            wanted = re.match(r"bytes=(\d+)-", self.headers.get("Range", "")) if server.ranges else None
            start = int(wanted[1]) if wanted else 0
            server.asked.append(start)
            if wanted and start >= len(server.content):
                self.send_error(416)
                return
            body = server.content[start:]
            self.send_response(206 if wanted else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            cut = server.cut_after.pop(0) if server.cut_after else len(body)
            if server.pause_after is not None:
                self.wfile.write(body[: server.pause_after])
                self.wfile.flush()
                server.sent.set()
                server.go_on.wait()
                body, cut = body[server.pause_after :], len(body)
            self.wfile.write(body[:cut])
            self.close_connection = True

        def log_message(self, *_) -> None:
            pass

    with local_server(Handler) as address:
        server.address = f"{address}/net.pth"
        try:
            yield server
        finally:
            server.go_on.set()
