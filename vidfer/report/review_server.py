"""A page on this machine on which a person reviews labels.

Only this machine can reach it, and only the page itself can write. Its address holds a secret word. A
request must name this server as its host, so that a page elsewhere cannot reach it under another name (DNS
rebinding); and a request that writes must come from the page itself (Origin) and be JSON, which a form
elsewhere cannot send.
"""

from __future__ import annotations

import json
import secrets
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Protocol

from vidfer.errors import SettingError, VidferError
from vidfer.learn.review_table import ReviewTable
from vidfer.report.expression_colours import colours_of
from vidfer.report.review_clips import Item

PAGE = Path(__file__).with_name("review.html")

KEYS = "123456789qwertyioasfghjklzxcvbnm"
"""Of the classes; d (drop), u (undo) and p (pause) are taken."""

LONGEST_BODY = 10_000

NOTHING_ELSE = (
    "default-src 'none'; img-src 'self' data:; connect-src 'self'; script-src 'nonce-{0}'; "
    "style-src 'nonce-{0}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Review(Protocol):
    """What is reviewed; see :class:`vidfer.report.review_clips.RoundReview`."""

    title: str
    path: Path
    classes: tuple[str, ...]
    items: list[Item]
    words: ReviewTable

    def sheet(self, place: int) -> bytes: ...


class ReviewServer(ThreadingHTTPServer):
    """Serves the page of a review on the loopback interface.

    Args:
        review: what is reviewed.
        port: to listen on; 0 takes any free one.
        note: a sentence for the page.

    Raises:
        SettingError: the port is taken.
    """

    daemon_threads = True

    def __init__(self, review: Review, port: int = 0, note: str = "") -> None:
        self.review, self.note = review, note
        self.secret = secrets.token_urlsafe(18)
        self.lock = threading.Lock()
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except (OSError, OverflowError) as error:
            raise SettingError(
                f"--port {port} cannot be used ({error}); leave it out for a free one"
            ) from error

    @cached_property
    def hosts(self) -> tuple[str, ...]:
        """What a request may name as its host."""
        port = self.server_address[1]
        return (f"127.0.0.1:{port}", f"localhost:{port}")

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{self.hosts[0]}/{self.secret}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing where the browser left before it had its answer; any other error is told."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)

    def state(self) -> dict:
        """All that the page shows, but the pictures."""
        review, colours = self.review, colours_of(self.review.classes)
        return {
            "title": review.title,
            "table": str(review.path),
            "note": self.note,
            "classes": [
                {"name": name, "key": KEYS[i : i + 1], "colour": colours[name]}
                for i, name in enumerate(review.classes)
            ],
            "items": [asdict(item) | {"word": review.words.word(item.row)} for item in review.items],
            "times_read": review.words.times_read,
        }

    def say(self, place: int, word: str) -> dict:
        """Writes a word for an item."""
        self.review.words.say(self.review.items[place].row, word)
        return {"place": place, "word": word, "times_read": self.review.words.times_read}

    def undo(self) -> dict:
        """Takes back the last word."""
        words = self.review.words
        row = words.undo()
        places = {item.row: place for place, item in enumerate(self.review.items)}
        word = "" if row is None else words.word(row)
        return {"place": places.get(row), "word": word, "times_read": words.times_read}


class _Handler(BaseHTTPRequestHandler):
    server: ReviewServer
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:
        if (wanted := self._wanted()) is None:
            return
        server = self.server
        if wanted == "":
            nonce = secrets.token_urlsafe(12)
            page = PAGE.read_text(encoding="utf-8").replace("NONCE", nonce)
            self._send(page.encode(), "text/html; charset=utf-8", policy=NOTHING_ELSE.format(nonce))
        elif wanted == "state":
            self._answer(server.state)
        elif (
            wanted.startswith("sheet/")
            and (number := wanted.removeprefix("sheet/")).isdecimal()
            and int(number) < len(server.review.items)
        ):
            try:
                with server.lock:  # HDF5 reads for one at a time
                    sheet = server.review.sheet(int(number))
            except VidferError as error:
                self._send(str(error).encode(), "text/plain; charset=utf-8", HTTPStatus.INTERNAL_SERVER_ERROR)
            else:
                self._send(sheet, "image/jpeg")
        else:
            self._refuse(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        if (wanted := self._wanted()) is None:
            return
        origin, kind = self.headers.get("Origin"), self.headers.get("Content-Type", "")
        if origin not in {f"http://{host}" for host in self.server.hosts} or kind != "application/json":
            return self._refuse(HTTPStatus.FORBIDDEN)
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LONGEST_BODY:
            return self._refuse(HTTPStatus.BAD_REQUEST)
        try:
            asked = json.loads(self.rfile.read(int(length)))
            place, word = asked.get("place"), asked.get("word")
        except (ValueError, AttributeError, RecursionError):
            return self._refuse(HTTPStatus.BAD_REQUEST)
        if wanted == "undo":
            return self._answer(self.server.undo)
        known = isinstance(place, int) and 0 <= place < len(self.server.review.items)
        if wanted == "say" and known and isinstance(word, str):
            return self._answer(lambda: self.server.say(place, word))
        return self._refuse(HTTPStatus.NOT_FOUND if wanted != "say" else HTTPStatus.BAD_REQUEST)

    def _wanted(self) -> str | None:
        """What is asked for below the secret word; None if the request was refused."""
        if self.headers.get("Host") not in self.server.hosts:
            return self._refuse(HTTPStatus.FORBIDDEN)
        word, slash, wanted = self.path.split("?")[0].removeprefix("/").partition("/")
        if not slash or not secrets.compare_digest(word.encode(), self.server.secret.encode()):
            return self._refuse(HTTPStatus.NOT_FOUND)
        return wanted

    def _answer(self, found: Callable[[], dict]) -> None:
        """Sends what a function finds, or the message of its error."""
        try:
            with self.server.lock:
                answer, status = found(), HTTPStatus.OK
        except (VidferError, OSError) as error:
            answer, status = {"error": str(error)}, HTTPStatus.INTERNAL_SERVER_ERROR
        self._send(json.dumps(answer).encode(), "application/json", status)

    def _refuse(self, status: HTTPStatus) -> None:
        self.close_connection = True  # what else it sends is not read
        self._send(status.phrase.encode(), "text/plain; charset=utf-8", status)

    def _send(self, body: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK, policy: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", policy or "default-src 'none'; frame-ancestors 'none'")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Content-Type-Options", "nosniff")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing: commands speak, servers do not."""
