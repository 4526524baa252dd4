"""The app as a program, and its page in a browser: from the upload to the answer, and to nothing left."""

import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from driven_browser import driven_browser
from patience import wait_until
from small_films import actor, nobody, two_people, write_camera, write_film

from vidfer.app.visits import PREFIX

pytest.importorskip("gradio")

LOOKS_ELSEWHERE = """performance.getEntriesByType("resource").map((entry) => entry.name)
  .filter((name) => !name.startsWith(location.origin) && !/^(data|blob):/.test(name))"""
HARMLESS = "Method not implemented."
"""What Gradio's own script says on the console whenever an answer has come."""


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """The program, with a folder for temporary files of its own: (process, address, that folder)."""
    temporary = tmp_path_factory.mktemp("temporary")
    command = [sys.executable, "-m", "vidfer", "app", "--port", "0", "--max-seconds", "120", "--max-mb", "1"]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with (temporary / "errors").open("w") as errors:
        program = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True)
    address = re.search(r"http://127\.0\.0\.1:\d+/", program.stdout.readline())[0]
    yield program, address, temporary
    program.kill()
    program.wait()


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    write_film(folder / "two.mp4", two_people())
    write_film(folder / "ann.mp4", actor(5, "happy", 8))
    shutil.copy(
        folder / "ann.mp4", folder / "ann.mts"
    )  # Python and the browser do not know what such a file is
    write_film(folder / "slow.mp4", nobody(1500), fps=25)
    write_film(folder / "long.mp4", nobody(122), fps=1)
    (folder / "list.mp4").write_text("#EXTM3U\nfile:///etc/passwd\n")
    for i in range(2):
        write_film(folder / f"delighted_{i}.mp4", actor(20 + i, "happily_surprised", 8))
        write_film(folder / f"worried_{i}.mp4", actor(30 + i, "sadly_fearful", 8))
        write_film(folder / f"rest_{i}.mp4", actor(40 + i, "neutral", 8))
    return folder


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with driven_browser(tmp_path_factory.mktemp("browser") / "profile") as browser:
        yield browser


def come(browser, address: str) -> None:
    """Open the page, and wait until it can be used."""
    browser.console.clear()
    browser.look(1280, 900)
    browser.open(address)
    browser.wait("document.querySelector('#film input[type=file]') && document.querySelector('#run')")


def choose(browser, field: str, *files: Path) -> None:
    """Choose files for a field, and wait until they are on the server."""
    browser.choose(f"{field} input[type=file]", *files)
    names = [file.stem for file in files]
    browser.wait(f"{names}.every((name) => document.querySelector('{field}').innerText.includes(name))")
    browser.wait(f"!document.querySelector('{field}').innerText.includes('Uploading')")


def clear(browser) -> None:
    """Take the film out of its field."""
    browser.run("document.querySelector('#film [aria-label*=emove], #film [aria-label*=lear]').click()")
    browser.wait("document.querySelector('#film input[type=file]')")


def state(browser) -> str | None:
    """What the page shows; None while it changes."""
    with suppress(AssertionError):
        return browser.run("document.querySelector('#result')?.dataset.state")


def ask(browser, button: str, place: str) -> str:
    """Press a button as soon as it can be pressed, and wait for the answer; its text."""
    browser.wait(f"!document.querySelector('{button}').disabled")
    browser.run(f"document.querySelector('{place}')?.setAttribute('data-old', '')")
    browser.run(f"document.querySelector('{button}').click()")
    states = "'[data-state=done], [data-state=fault], [data-state=note]'"
    browser.wait(f"document.querySelector('{place}:not([data-old])')?.matches({states})")
    browser.wait(f"!document.querySelector('{button}').disabled")
    return browser.run(f"document.querySelector('{place}').innerText")


def files_of(temporary: Path) -> list[str]:
    """The names of all films and results that the app keeps; the drawn one is nobody's."""
    found = []
    for folder, _, names in os.walk(temporary):  # a folder that is deleted meanwhile is no fault
        for path in (Path(folder) / name for name in names):
            with suppress(FileNotFoundError):
                is_ours = path.name in ("lock", "errors") or path.parent.name == "example"
                if path.stat().st_size and not is_ours:
                    found.append(path.name)
    return found


def test_from_the_upload_to_the_answer_and_to_nothing_left(app, browser, films):
    _, address, temporary = app
    come(browser, address)
    choose(browser, "#film", films / "two.mp4")
    text = ask(browser, "#run", "#result")
    assert "two.mp4" in text and "2 people" in text and "predicted by basic7" in text
    assert "Face 0 seen" in text and "Face 1 seen" in text and "Segments" in text
    browser.wait("document.querySelector('#result video').readyState >= 1")
    pictures = "[...document.querySelectorAll('#result img')]"
    assert browser.run(f"{pictures}.length") >= 4
    assert browser.run(f"{pictures}.every((image) => image.complete && image.naturalWidth)")
    # A click into a timeline moves the film there, and a line shows it.
    browser.run("document.querySelector('.row-of-time').scrollIntoView({block: 'center'})")
    browser.click(".row-of-time svg")
    browser.wait("Math.abs(document.querySelector('#result video').currentTime - 0.6) < 0.15")
    browser.wait("Math.abs(parseFloat(document.querySelector('.now').style.left) - 50) < 15")
    archive = browser.run("document.querySelector('#result a.all').href")
    with zipfile.ZipFile(io.BytesIO(urllib.request.urlopen(archive).read())) as found:
        assert {"frames.csv", "index.html", "two_vidfer.mp4"} <= set(found.namelist())
    assert "two.mp4" in files_of(temporary) and "frames.csv" in files_of(temporary)
    assert browser.run(LOOKS_ELSEWHERE) == []
    assert [line for line in browser.console if HARMLESS not in line] == []
    browser.open("about:blank")
    wait_until(lambda: files_of(temporary) == [])
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(archive)
    # Nor does the button that leads back bring a page whose files are gone.
    browser.back()
    wait_until(lambda: state(browser) == "empty")


def test_stop_and_then_another_film(app, browser, films):
    _, address, temporary = app
    come(browser, address)
    choose(browser, "#film", films / "slow.mp4")
    browser.run("document.querySelector('#run').click()")
    browser.wait("document.body.innerText.includes('looking for faces: frame')")
    browser.run("document.querySelector('#stop').click()")
    browser.wait("document.querySelector('#result').dataset.state == 'note'")
    assert browser.run("document.querySelector('#result').innerText") == "Stopped. Nothing was kept."
    assert "frames.csv" not in files_of(temporary)
    clear(browser)
    choose(browser, "#film", films / "ann.mts")
    text = ask(browser, "#run", "#result")
    assert "ann.mts" in text and "8 frames, 1 person" in text
    assert browser.run("document.querySelector('#stop')") is None
    browser.open("about:blank")
    wait_until(lambda: files_of(temporary) == [])


def test_expressions_of_ones_own(app, browser, films):
    come(browser, app[1])
    tab(browser, "Own expressions")
    browser.wait("document.querySelector('#examples-2 input[type=file]')")
    assert "two expressions" in ask(browser, "#learn", "#taught")
    for number, name in enumerate(("delighted", "worried"), start=1):
        browser.run(f"document.querySelector('#name-{number}').querySelector('input, textarea').focus()")
        for letter in name:
            browser.press(letter)
        choose(browser, f"#examples-{number}", films / f"{name}_0.mp4", films / f"{name}_1.mp4")
    choose(browser, "#examples-0", films / "rest_0.mp4", films / "rest_1.mp4")
    text = ask(browser, "#learn", "#taught")
    assert "delighted 2, worried 2; of none of these 2" in text and "of 4" in text and "chance 50 %" in text
    assert "ecognised by" not in text and "background" not in text
    file = urllib.request.urlopen(browser.run("document.querySelector('#taught a.file').href")).read()
    assert b"vidfer-support" in file and b"delighted" in file
    browser.run("document.querySelector('#use').click()")
    browser.wait("document.querySelector('#choice').innerText.includes('my own: delighted, worried')")
    choose(browser, "#film", films / "ann.mp4")
    text = ask(browser, "#run", "#result")
    assert "predicted by expressions of your own" in text and "happy" not in text
    assert "The curve is the probability" in text


def test_who_has_no_film_takes_that_of_drawn_people(app, browser):
    _, address, temporary = app
    come(browser, address)
    browser.run("document.querySelector('#example').click()")
    browser.wait("document.querySelector('#film').innerText.includes('two_drawn_people')")
    text = ask(browser, "#run", "#result")
    assert "two_drawn_people.mp4" in text and "80 frames, 2 people" in text and "happy" in text
    browser.open("about:blank")
    wait_until(lambda: files_of(temporary) == [])


def test_a_fault_is_a_sentence(app, browser, films):
    come(browser, app[1])
    assert ask(browser, "#run", "#result").startswith("Choose a film or a picture")
    choose(browser, "#film", films / "long.mp4")
    assert "long.mp4 is 2:02 long, and this app takes 2:00" in ask(browser, "#run", "#result")
    clear(browser)
    choose(browser, "#film", films / "list.mp4")
    text = ask(browser, "#run", "#result")
    assert "list.mp4 is no film" in text and "/" not in text
    assert browser.run("document.querySelector('#result').getAttribute('role')") == "alert"


def tab(browser, name: str) -> None:
    """Open a tab, once it is there."""
    found = f"[...document.querySelectorAll('[role=tab]')].find((e) => e.innerText == '{name}')"
    browser.wait(f"{found} != null")
    browser.run(f"{found}.click()")


def press(browser, field: str, words: str) -> None:
    """Press the button of a field that says these words, once it is there."""
    found = f"[...document.querySelectorAll('{field} button')].find((e) => e.innerText.includes('{words}'))"
    browser.wait(f"{found} != null")
    browser.run(f"{found}.click()")


DROP = """(field, name, size) => {
  const dropped = new DataTransfer();
  dropped.items.add(new File([new Uint8Array(size)], name, {type: "video/mp4"}));
  const place = document.querySelector(`${field} button`);
  for (const kind of ["dragenter", "drop"])
    place.dispatchEvent(new DragEvent(kind, {dataTransfer: dropped, bubbles: true, cancelable: true})); }"""

NOTE_REQUESTS = """window.sent = [];
const plain = fetch;
fetch = (at, ...rest) => (sent.push(`${at}`), plain(at, ...rest))"""


def test_a_large_file_is_refused_before_it_is_sent(app, browser, films, tmp_path):
    _, address, temporary = app
    large = tmp_path / "large.mp4"
    large.write_bytes(bytes(1_030_000))
    come(browser, address)
    browser.run(NOTE_REQUESTS)
    told = "document.querySelector('#film + .too-large')"
    browser.choose("#film input[type=file]", large)
    browser.wait(f"{told}.innerText.startsWith('large.mp4 has 1.1 MB, and this app takes 1 MB; cut it')")
    assert browser.run(f"{told}.getAttribute('role')") == "alert"
    browser.run(f"{told}.remove()")
    browser.run(f"({DROP})('#film', 'dropped.mp4', 2_000_000)")
    browser.wait(f"{told}.innerText.startsWith('dropped.mp4 has 2 MB')")
    assert [at for at in browser.run("sent") if "upload" in at] == [] and "large.mp4" not in files_of(
        temporary
    )
    choose(browser, "#film", films / "ann.mp4")  # a smaller one is taken, and nothing is said any more
    assert browser.run(told) is None and [at for at in browser.run("sent") if "upload" in at] != []
    assert "8 frames, 1 person" in ask(browser, "#run", "#result")


def test_with_a_camera(app, films, tmp_path):
    _, address, temporary = app
    camera = write_camera(films / "camera.mjpeg", actor(4, "happy", 20))
    flags = ("device-for-media-stream", "ui-for-media-stream")
    flags = (*(f"--use-fake-{flag}" for flag in flags), f"--use-file-for-fake-video-capture={camera}")
    before = files_of(temporary)  # of a page that another test has left open
    with driven_browser(tmp_path / "profile", *flags) as browser:
        come(browser, address)
        tab(browser, "Live")
        press(browser, "#live", "Webcam")
        browser.wait("document.querySelector('#live video').currentTime > 0")
        press(browser, "#live", "Record")
        browser.wait("document.querySelector('#result .people').innerText.includes('Face 0')")
        assert set(files_of(temporary)) <= set(before)  # nothing of it is written
        assert browser.run("document.querySelector('#result img').src.startsWith('data:image/jpeg')")
        press(browser, "#live", "Stop")
        tab(browser, "Camera")
        press(browser, "#camera", "Webcam")
        now = "document.querySelector('#camera video').currentTime"
        browser.wait(f"{now} > 0")
        press(browser, "#camera", "Record")
        begun = browser.run(now)
        browser.wait(f"{now} > {begun} + 0.7")
        press(browser, "#camera", "Stop")
        browser.wait("document.querySelector('#camera video[src]')")
        text = ask(browser, "#run", "#result")
        assert "1 person" in text and "Face 0 seen" in text


def test_an_upload_that_breaks_off_leaves_nothing(app):
    _, address, temporary = app
    before = set(files_of(temporary))  # of a page that another test has left, which are deleted meanwhile
    begin = (
        "POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900000\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="files"; filename="half.mp4"\r\n\r\n'
    )
    with socket.create_connection(("127.0.0.1", int(re.search(r":(\d+)/", address)[1]))) as browser:
        browser.sendall(begin.encode() + bytes(100_000))
        wait_until(lambda: not before.issuperset(files_of(temporary)))
    wait_until(lambda: before.issuperset(files_of(temporary)))
    assert "Traceback" not in (temporary / "errors").read_text()


def test_the_app_fetches_nothing_for_anybody(app):
    for path in ("http://example.org/a.mp4", "https://example.org/a.mp4", "/etc/passwd"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{app[1]}gradio_api/file={path}")
        assert caught.value.code == 403
    policy = urllib.request.urlopen(app[1]).headers["content-security-policy"]
    assert "default-src 'self'" in policy and "http" not in policy


@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_fits(app, browser, width):
    come(browser, app[1])
    browser.look(width, 900)
    browser.wait(f"innerWidth == {width}")
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")
    assert "An expression is not an emotion" in browser.run("document.body.innerText")


def test_ctrl_c_leaves_nothing_behind(app, browser, films):
    program, address, temporary = app
    come(browser, address)
    choose(browser, "#film", films / "two.mp4")
    browser.run("document.querySelector('#run').click()")
    wait_until(lambda: "frames.csv" in files_of(temporary))
    program.send_signal(signal.SIGINT)
    rest = program.stdout.read()
    assert program.wait() == 0 and "all films and results are deleted" in rest
    assert [*temporary.glob(f"{PREFIX}*")] == []
    assert "Traceback" not in (temporary / "errors").read_text()
