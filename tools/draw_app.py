"""Draw the page of `vidfer app`: docs/images/app.jpg, app_own.jpg and app_phone.jpg.

    python tools/draw_app.py docs/images

The people are drawn (vidfer.actors), not real. The app runs as a program, and a headless Chromium uses its
page as a visitor does.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import tyro
from draw_film import FPS, people_side_by_side
from draw_own_expressions import TAUGHT, draw_film
from program import run

from vidfer.actors.encode import encode

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from driven_browser import Browser, driven_browser

EXAMPLES = 3
JPEG_QUALITY = 72


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What to draw."""

    out: tyro.conf.Positional[Path]
    """Folder for the pictures."""


def main(settings: Settings) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        encode(people_side_by_side(2), folder / "interview.mp4", fps=FPS, crf=16)
        for row, (own, label) in enumerate(TAUGHT.items()):
            for i in range(EXAMPLES):
                draw_film((label,), 100 * row + i, folder / own / f"{own}_{i}.mp4")
        command = [sys.executable, "-m", "vidfer", "app", "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as app:
            address = re.search(r"http://\S+", app.stdout.readline())[0]
            try:
                with driven_browser(folder / "profile") as browser:
                    show_film(browser, address, folder, settings.out)
                    teach(browser, address, folder, settings.out)
            finally:
                app.terminate()


def show_film(browser: Browser, address: str, folder: Path, out: Path) -> None:
    """A film is dropped, and its result is shown: on a screen, and on a phone in the dark."""
    come(browser, address)
    choose(browser, "#film", folder / "interview.mp4")
    press(browser, "#run", "#result")
    browser.wait("document.querySelector('#result video').readyState >= 2")
    browser.run("document.querySelector('#result video').currentTime = 5")
    browser.wait("document.querySelector('#result video').readyState >= 2")
    picture(browser, (1280, 1500), out / "app.jpg")
    picture(browser, (400, 1500), out / "app_phone.jpg", dark=True)


def teach(browser: Browser, address: str, folder: Path, out: Path) -> None:
    """Two expressions are taught."""
    come(browser, address)
    tab = "[...document.querySelectorAll('[role=tab]')].find((e) => e.innerText == 'Own expressions')"
    browser.wait(f"{tab} != null")
    browser.run(f"{tab}.click()")
    browser.wait("document.querySelector('#examples-2 input[type=file]')")
    names = [name for name in TAUGHT if name != "neutral"]
    for number, name in enumerate(names, start=1):
        browser.run(f"document.querySelector('#name-{number}').querySelector('input, textarea').focus()")
        for letter in name:
            browser.press(letter)
        choose(browser, f"#examples-{number}", *sorted((folder / name).iterdir()))
    choose(browser, "#examples-0", *sorted((folder / "neutral").iterdir()))
    press(browser, "#learn", "#taught")
    picture(browser, (1280, 1080), out / "app_own.jpg")


def come(browser: Browser, address: str) -> None:
    browser.look(1280, 900)
    browser.open(address)
    browser.wait("document.querySelector('#film input[type=file]') && document.querySelector('#run')")


def choose(browser: Browser, field: str, *files: Path) -> None:
    browser.choose(f"{field} input[type=file]", *files)
    names = [file.stem for file in files]
    browser.wait(f"{names}.every((name) => document.querySelector('{field}').innerText.includes(name))")


def press(browser: Browser, button: str, place: str) -> None:
    """Press a button, and wait for what it brings."""
    browser.run(f"document.querySelector('{button}').click()")
    browser.wait(f"document.querySelector('{place}')?.dataset.state == 'done'")
    browser.wait(f"!document.querySelector('{button}').disabled")
    browser.run("document.activeElement.blur()")


def picture(browser: Browser, size: tuple[int, int], out: Path, *, dark: bool = False) -> None:
    browser.look(*size, dark=dark)
    browser.run("document.documentElement.style.scrollbarWidth = 'none'")
    browser.run("new Promise((done) => setTimeout(done, 700))")  # colours and places move slowly
    with tempfile.TemporaryDirectory() as name:
        browser.picture(Path(name) / "page.png")
        image = cv2.imread(str(Path(name) / "page.png"))
    if not cv2.imwrite(str(out), image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]):
        sys.exit(f"cannot write {out}")
    print(f"{out}: {out.stat().st_size // 1000} kB")


if __name__ == "__main__":
    run(main, Settings, __doc__)
