"""Notices which pages are open, and what is being uploaded."""

from __future__ import annotations

import asyncio

from vidfer.app.visits import Visits

HEARTBEAT = "/heartbeat/"
"""Before the name of a session in the address of the connection that an open page keeps."""
UPLOAD = "/upload"
"""The end of the address that takes uploads."""


class Presence:
    """An ASGI app around that of Gradio, which tells the visits who comes and goes.

    Gradio has an event for a page that is left, but does not always tell it: not if the connection ends while
    something is sent, and not for an upload that breaks off.
    """

    def __init__(self, app, visits: Visits) -> None:
        self.app, self.visits = app, visits

    async def __call__(self, scope, receive, send) -> None:
        path = scope.get("path", "") if scope["type"] == "http" else ""
        if HEARTBEAT in path:
            session = path.rpartition("/")[2]
            self.visits.arrive(session)
            try:
                await self.app(scope, receive, send)
            finally:  # deleting takes a while, and other visitors do not wait for it
                asyncio.get_running_loop().run_in_executor(None, self.visits.leave, session)
        elif path.endswith(UPLOAD):
            with self.visits.received.coming():
                await self.app(scope, receive, send)
        else:
            await self.app(scope, receive, send)
