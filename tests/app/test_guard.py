"""What the app answers to a browser, beside the page itself."""

import asyncio
from pathlib import Path

import pytest

pytest.importorskip("gradio")
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.responses import FileResponse
from starlette.routing import Route

from vidfer.app.guard import HEADERS, Guarded


def get(app, path: str, *headers: tuple[bytes, bytes]) -> tuple[int, dict[bytes, bytes], bytes]:
    """Status, headers and content of an answer."""
    sent, asked = [], asyncio.Event()

    async def receive():
        if asked.is_set():  # the browser waits for the answer
            await asyncio.sleep(60)
        asked.set()
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "headers": [*headers], "query_string": b""}
    asyncio.run(Guarded(app)(scope, receive, send))
    content = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], dict(sent[0]["headers"]), content


def files_app(*, looked_at: bool, then=lambda path: None) -> Starlette:
    """An app that sends files as Gradio does; ``then`` happens before the file is opened."""

    async def file(request):
        path = request.path_params["path"]
        answer = FileResponse(path, stat_result=Path(path).stat() if looked_at else None)
        then(path)
        return answer

    return Starlette(routes=[Route("/file={path:path}", file)])


def delete(path: str) -> None:
    Path(path).unlink()


RANGE = (b"range", b"bytes=2-4")


@pytest.mark.parametrize("headers, status, content", [((), 200, b"0123456789"), ((RANGE,), 206, b"234")])
def test_a_file_is_sent_with_the_policy(tmp_path, headers, status, content):
    (tmp_path / "film.mp4").write_bytes(b"0123456789")
    answer = get(files_app(looked_at=True), f"/file={tmp_path / 'film.mp4'}", *headers)
    assert (answer[0], answer[2]) == (status, content)
    assert answer[1].items() >= HEADERS.items() and answer[1][b"content-length"] == b"%d" % len(content)


@pytest.mark.parametrize("headers", [(), (RANGE,)])
def test_a_file_that_is_deleted_while_it_is_asked_for_is_not_found(tmp_path, headers):
    (tmp_path / "film.mp4").write_bytes(b"0123456789")
    answer = get(files_app(looked_at=True, then=delete), f"/file={tmp_path / 'film.mp4'}", *headers)
    assert (answer[0], answer[2]) == (404, b"")
    assert answer[1].items() >= HEADERS.items()


def test_a_file_that_is_deleted_before_anybody_looks_is_no_traceback(tmp_path):
    (tmp_path / "film.mp4").write_bytes(b"0123456789")
    status, _, content = get(files_app(looked_at=False, then=delete), f"/file={tmp_path / 'film.mp4'}")
    assert status >= 400 and b"0123456789" not in content


def test_another_fault_of_a_file_is_told(tmp_path):
    (tmp_path / "film.mp4").write_bytes(b"0123456789")

    def fail(path):
        raise ValueError("a fault of the code")

    with pytest.raises(ValueError, match="a fault of the code"):
        get(files_app(looked_at=True, then=fail), f"/file={tmp_path / 'film.mp4'}")


def test_nothing_is_fetched_from_elsewhere():
    assert get(files_app(looked_at=True), "/file=https://example.org/a.mp4")[::2] == (403, b"")


def test_a_browser_that_goes_while_it_sends_something_is_no_fault():
    sent = []

    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    async def upload(request):
        await request.body()

    async def ask(app):
        scope = {"type": "http", "method": "POST", "path": "/upload", "headers": [], "query_string": b""}
        await app(scope, receive, send)

    app = Starlette(routes=[Route("/upload", upload, methods=["POST"])])
    with pytest.raises(ClientDisconnect):
        asyncio.run(ask(app))
    sent.clear()
    asyncio.run(ask(Guarded(app)))
