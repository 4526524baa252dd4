"""Answers to the browser: it may load nothing from other computers, and a deleted file is told as such."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from starlette.requests import ClientDisconnect

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self' data: blob:; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
"""What the browser may load: nothing from other computers."""
HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
}


FILE = "/file="
"""Before the path of a file in an address."""


class Guarded:
    """An ASGI app whose answers forbid the browser to load anything from elsewhere, and which itself fetches
    nothing for anybody.

    A visitor's files are deleted while the browser may still ask for them: whoever asks gets 404. A browser
    that is closed while it sends something is no fault.
    """

    def __init__(self, app) -> None:
        self.app = app

    async def __call__(self, scope, receive, send) -> None:
        async def send_guarded(message) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message.get("headers", ()) if pair[0].lower() not in HEADERS]
                message = {**message, "headers": [*kept, *HEADERS.items()]}
            await send(message)

        path = scope.get("path", "") if scope["type"] == "http" else ""
        with suppress(ClientDisconnect):
            if "=http:" in path or "=https:" in path:
                await _answer(403, send_guarded)
            elif FILE in path:
                await self._send_file(path.partition(FILE)[2], scope, receive, send_guarded)
            else:
                await self.app(scope, receive, send_guarded)

    async def _send_file(self, path, scope, receive, send) -> None:
        """Send a file, or 404 if it is deleted before its first byte is read."""
        held = []

        async def send_with_content(message) -> None:
            if message["type"] == "http.response.start":
                held.append(message)  # it would promise content before the file is opened
                return
            if held:
                await send(held.pop())
            await send(message)

        try:
            await self.app(scope, receive, send_with_content)
        except Exception:
            if Path(path).exists():
                raise
            if held:
                await _answer(404, send)


async def _answer(status: int, send) -> None:
    """An answer without content."""
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})
