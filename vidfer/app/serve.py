"""Serves the app until it is told to end."""

from __future__ import annotations

import errno
import ipaddress
import logging
import os
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from vidfer.app.limits import Limits
from vidfer.app.visits import Visits
from vidfer.errors import MissingPackageError, SettingError
from vidfer.infer.predictor import Predictor

HOSTS = "give 127.0.0.1 for this machine only, or 0.0.0.0 for all networks that it is in"
GRACE_S = 2
"""So long requests that go on may take when the app ends, in seconds."""


def is_loopback(host: str) -> bool:
    """Whether only programs on this machine reach a host's address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def address_here(host: str, port: int) -> str:
    """The address at which a browser on this machine finds the page."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Args:
        host: a name or address of this machine.
        port: 0 takes any free one.

    Raises:
        SettingError: the host is not one of this machine, or the port is taken or not allowed.
    """
    if not 0 <= port <= 65535:
        raise SettingError(f"--port {port}: give a number from 1 to 65535, or --port 0 for any free one")
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:  # UnicodeError: a name that no machine can have
        raise SettingError(f"--host {host}: there is no such address; {HOSTS}") from error
    try:
        listening = socket.socket(family, kind)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise SettingError(f"--host {host} is not an address of this machine; {HOSTS}") from error
        raise SettingError(
            f"cannot listen on --host {host} --port {port} ({error.strerror or error}); give another port, "
            "or --port 0 for any free one"
        ) from error
    return listening


def serve(
    predictor: Predictor,
    visits: Visits,
    limits: Limits,
    listening: socket.socket,
    draw_film: Callable[[Path], Path],
    started: Callable[[], None],
) -> None:
    """Serve the app until Ctrl-C.

    Args:
        predictor: of the app.
        visits: the visitors and their files.
        limits: of what they may upload.
        listening: where the app is reached, from :func:`bind`.
        draw_film: draws a film of drawn people into a folder, for visitors who have none.
        started: called once visitors may come.

    Raises:
        MissingPackageError: Gradio is not installed.
    """
    prepare_gradio(visits.uploads)
    check_gradio()
    import gradio
    import uvicorn
    from fastapi import FastAPI

    from vidfer.app.desk import Desk
    from vidfer.app.guard import Guarded
    from vidfer.app.page import build_page, head, theme
    from vidfer.app.presence import Presence

    host, port = listening.getsockname()[:2]
    desk = Desk(predictor, visits, limits, address_of, draw_film)
    page = build_page(desk, is_loopback=is_loopback(host))
    app = gradio.mount_gradio_app(
        FastAPI(docs_url=None, redoc_url=None, openapi_url=None),
        page,
        "/",
        server_name=host,
        server_port=port,
        footer_links=[],
        run_history=False,
        allowed_paths=[str(visits.root / "results")],
        show_error=False,
        max_file_size=round(limits.max_mb * 2**20),  # for recordings; of files the page tells it beforehand
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=False,
        theme=theme(),
        head=head(limits),
    )

    mounted = app.routes[-1].app

    class Server(uvicorn.Server):
        def handle_exit(self, sig, frame) -> None:
            visits.stop_all()
            mounted.stop_event.set()  # pages that are open would be waited for
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # and be told with a traceback
            super().handle_exit(sig, frame)

        async def startup(self, sockets=None) -> None:
            await super().startup(sockets)
            started()

    config = uvicorn.Config(
        Guarded(Presence(app, visits)),
        log_level="warning",
        timeout_graceful_shutdown=GRACE_S,
        server_header=False,
    )
    Server(config).run([listening])


def prepare_gradio(uploads: Path) -> None:
    """Tell Gradio, before it is imported, where uploads go and that it sends nothing.

    Args:
        uploads: folder for them, which is deleted in the end.
    """
    os.environ["GRADIO_TEMP_DIR"] = str(uploads)
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["OTEL_SDK_DISABLED"] = "true"


def check_gradio() -> None:
    """Raise a MissingPackageError if Gradio is not installed."""
    from importlib.util import find_spec

    if find_spec("gradio") is None:
        raise MissingPackageError('the app needs the package gradio; `pip install "vidfer[app]"` brings it')


def address_of(path: Path) -> str:
    """The address at which a browser gets a file, below that of the page."""
    return f"gradio_api/file={quote(str(path))}"
