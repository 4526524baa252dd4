"""Pages that open and close, and uploads, as the server sees them."""

import asyncio

import pytest

from vidfer.app.presence import Presence
from vidfer.app.visits import Stopped, Visits


@pytest.fixture
def visits(tmp_path):
    return Visits(tmp_path / "root")


async def ask(app, path: str, kind: str = "http") -> None:
    await app({"type": kind, "path": path}, None, None)


def test_a_page_is_there_as_long_as_its_connection(visits):
    seen = []

    async def heartbeat(scope, receive, send):
        folder = visits.of("abc").folder
        seen.append(folder)
        raise asyncio.CancelledError  # as when the browser is closed while something is sent

    async def visit():
        with pytest.raises(asyncio.CancelledError):
            await ask(Presence(heartbeat, visits), "/gradio_api/heartbeat/abc")
        await asyncio.get_running_loop().shutdown_default_executor()

    asyncio.run(visit())
    assert len(seen) == 1 and not seen[0].exists()
    with pytest.raises(Stopped):
        visits.of("abc")


def test_an_upload_that_breaks_off_leaves_nothing(visits):
    async def upload(scope, receive, send):
        (visits.uploads / "tmpxyz").write_text("half of a film")
        raise OSError("the browser is gone")

    with pytest.raises(OSError, match="gone"):
        asyncio.run(ask(Presence(upload, visits), "/gradio_api/upload"))
    assert [*visits.uploads.iterdir()] == []


def test_everything_else_passes(visits):
    async def app(scope, receive, send):
        assert not visits._pages and visits.of("ann")

    asyncio.run(ask(Presence(app, visits), "/gradio_api/queue/join"))
    asyncio.run(ask(Presence(app, visits), "", kind="lifespan"))
