"""A browser that loads a page from a server of its own, for tests; skips where none is installed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import pytest
from local_server import local_server

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-extensions", "--enable-logging=stderr", "--virtual-time-budget=10000"),
    "--window-size=1300,1000",
]


def measured_in_browser(folder: Path, script: str) -> tuple[dict, list[str], list[str]]:
    """Run a page of measurements beside a page, since that page itself allows no script.

    Args:
        folder: holds the page; ``measure.html`` is written there.
        script: HTML that puts its findings as JSON into ``<pre id="found">``.

    Returns:
        the findings, the lines of the console, and the requests.
    """
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip(f"no browser is installed ({', '.join(NAMES)})")
    page = "measure.html"
    (folder / page).write_text(script)
    requests: list[str] = []

    class Server(SimpleHTTPRequestHandler):
        def log_message(self, form, *values):
            requests.append(values[0] if values else form)

    with local_server(partial(Server, directory=str(folder))) as address:
        done = subprocess.run(
            [
                program,
                *FLAGS,
                f"--user-data-dir={folder / 'profile'}",
                "--dump-dom",
                f"{address}/measure.html",
            ],
            capture_output=True,
            text=True,
            timeout=2900,  # only a fault takes this long
            check=False,
        )
    found = re.search(r'<pre id="found">(\{.*?\})</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr[-2000:]
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return (
        json.loads(found.group(1).replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")),
        console,
        requests,
    )
