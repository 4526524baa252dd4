"""A headless browser that a test drives with real keys, over the pipe of the DevTools protocol."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-extensions", "--remote-debugging-pipe"),
)
LOOKS = 30_000
"""So often a page looks whether something is true, ten milliseconds apart or more."""
KEY_CODES = {"Enter": 13, "Delete": 46, "Backspace": 8, "ArrowLeft": 37, "ArrowRight": 39, "Tab": 9}


class Browser:
    """One page of a browser."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers = os.fdopen(commands, "wb"), os.fdopen(answers, "rb")
        self._number, self._session, self._rest = 0, None, b""
        self._document: str | None = None
        self.console: list[str] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._call(f"{domain}.enable")

    def _call(self, method: str, **parameters) -> dict:
        self._number += 1
        asked = {"id": self._number, "method": method, "params": parameters}
        asked |= {"sessionId": self._session} if self._session else {}
        self._commands.write(json.dumps(asked).encode() + b"\0")
        self._commands.flush()
        while True:
            told = self._next()
            if told.get("id") == self._number:
                assert "error" not in told, told
                return told["result"]

    def _next(self) -> dict:
        while b"\0" not in self._rest:
            piece = self._answers.read1(1 << 16)
            assert piece, "the browser has ended"
            self._rest += piece
        text, _, self._rest = self._rest.partition(b"\0")
        told = json.loads(text)
        if told.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"):
            self.console.append(json.dumps(told["params"])[:500])
        if told.get("method") == "Page.frameNavigated" and "parentId" not in told["params"]["frame"]:
            self._document = told["params"]["frame"]["loaderId"]
        return told

    def look(self, width: int, height: int, *, dark: bool = False, still: bool = False) -> None:
        """Sets the size of the window, and what the reader prefers."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._call("Emulation.setDeviceMetricsOverride", **size)
        wanted = {"prefers-color-scheme": "dark" if dark else "light"}
        wanted |= {"prefers-reduced-motion": "reduce" if still else "no-preference"}
        features = [{"name": name, "value": value} for name, value in wanted.items()]
        self._call("Emulation.setEmulatedMedia", features=features)

    def open(self, address: str) -> None:
        """Goes to a page, until it has taken the place of the one before; nothing asks that one any more."""
        document = self._call("Page.navigate", url=address)["loaderId"]
        while self._document != document:
            self._next()

    def back(self) -> None:
        """Presses the button that leads back, until another page is there."""
        before = self._document
        self.run("void setTimeout(() => history.back())")  # it answers before the page goes
        while self._document == before:
            self._next()

    def run(self, script: str):
        """The value of an expression on the page; a promise is waited for."""
        told = self._call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def wait(self, condition: str) -> None:
        """Waits until an expression is true; the page itself looks for it, again and again.

        The test fails when it was not true at the last of ``LOOKS`` looks: minutes later, and later still
        where the machine is busy.
        """
        never = json.dumps(f"never true: {condition}")
        self.run(
            f"new Promise((done, fail) => {{ let left = {LOOKS}; const look = () => {{ let found = false; "
            f"try {{ found = {condition}; }} catch {{ }} "
            f"if (found) done(true); else if (!left--) fail(Error({never})); "
            "else setTimeout(look, 10); }; look(); })"
        )

    def press(self, key: str) -> None:
        """Presses a key on whatever has the focus, as a person does."""
        code = KEY_CODES.get(key) or ord(key.upper())
        about = {"key": key, "windowsVirtualKeyCode": code}
        text = {"text": "\r" if key == "Enter" else key} if len(key) == 1 or key == "Enter" else {}
        self._call("Input.dispatchKeyEvent", type="keyDown", **about, **text)
        self._call("Input.dispatchKeyEvent", type="keyUp", **about)

    def click(self, selector: str) -> None:
        """Clicks the middle of an element with the mouse."""
        box = self.run(f"document.querySelector({selector!r}).getBoundingClientRect().toJSON()")
        at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **at)

    def choose(self, selector: str, *files: Path) -> None:
        """Gives files to a field for files, as a person does who chooses them."""
        field = self._call("Runtime.evaluate", expression=f"document.querySelector({selector!r})")["result"]
        names = [str(file) for file in files]
        self._call("DOM.setFileInputFiles", files=names, objectId=field["objectId"])

    def picture(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self._call("Page.captureScreenshot", format="png")["data"]))


@contextmanager
def driven_browser(profile: Path, *flags: str) -> Iterator[Browser]:
    """A browser for the block, with further flags; the test is skipped where none is installed."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip(f"no browser is installed ({', '.join(NAMES)})")
    (its_in, commands), (answers, its_out) = os.pipe(), os.pipe()
    pipes = ["bash", "-c", f'exec "$@" 3<&{its_in} 4>&{its_out}', "bash"]  # where the browser looks for them
    process = subprocess.Popen(
        [*pipes, program, *FLAGS, *flags, f"--user-data-dir={profile}"],
        pass_fds=(its_in, its_out),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(its_in), os.close(its_out)
    try:
        yield Browser(commands, answers)
    finally:
        process.terminate()
        process.wait()
