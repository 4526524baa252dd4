"""Uploads to a hub that fails in the middle: what is told, what it has, and that the next push goes on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from hub_faults import RESET, Fault
from hub_server import TOKEN, Hub, Repository, hub_of_this_process, running_hub
from huggingface_hub import get_session
from huggingface_hub.utils import _http
from refused import refused

from vidfer.errors import HubError
from vidfer.hub_upload import GO_ON, NOTHING, SILENCE_S, WHOLE_OR_NOTHING, upload, visibility

ADDRESS = "hf://ann/faces"
WEIGHTS = random.Random(0).randbytes(100_000)
FILES = {
    "model.safetensors": WEIGHTS,
    "config.json": b"{}",
    "README.md": b"---\nlicense: other\n---\n# faces\n",
}
CREATE, SEND, COMMIT = "POST .*/create", "PUT /large", "POST .*/commit/"
WRONG_TOKEN = "Invalid credentials in Authorization header"
NO_ROOM = (
    b'{"objects": [{"oid": "a", "size": 1, "error": {"code": 507, "message": "storage of ann is full"}}]}'
)


@pytest.fixture
def hub(monkeypatch, tmp_path) -> Iterator[Hub]:
    """The client library does not wait before it tries again."""
    monkeypatch.setattr(_http, "time", SimpleNamespace(sleep=lambda _: None))
    with hub_of_this_process(monkeypatch, tmp_path) as server:
        yield server


def push() -> str:
    return upload(ADDRESS, FILES, "vidfer push", private=True)


def sent(hub: Hub) -> int:
    """How often large files were sent."""
    return sum(asked.startswith("PUT") for asked in hub.asked)


@pytest.mark.parametrize(
    ("fault", "facts", "n_sent"),
    [
        (
            Fault("validate-yaml", 400, body=b'{"errors": [{"message": "no such licence"}]}'),
            ("no such licence",),
            0,
        ),
        (Fault("validate-yaml", 502, body=b"<html>"), ("502 Bad Gateway", "later"), 0),
        (Fault(CREATE, 403, "no rights in ann"), ("403 no rights in ann", "right to write"), 0),
        (Fault("preupload", 401, WRONG_TOKEN), ("does not accept your token", "hf auth login"), 0),
        (
            Fault("preupload", 403, "storage limit reached"),
            ("no room", "storage limit reached", "make room"),
            0,
        ),
        (
            Fault("preupload", 200, body=b"<html>log in</html>"),
            ("not the Hugging Face hub", "HF_ENDPOINT"),
            0,
        ),
        (Fault("batch", 200, body=NO_ROOM), ("storage of ann is full", "make room"), 0),
        (Fault(SEND, 500), ("500", "later"), 6),
        (Fault(SEND, 503, headers={"Retry-After": "9"}), ("503 Service Unavailable", "later"), 6),
        (Fault(SEND, RESET), ("cannot be reached",), 6),
        (Fault(SEND, 413), ("413", "larger than the hub takes"), 1),
        (Fault(COMMIT, 412, "a commit has happened since"), ("at the same time", "412 a commit has"), 1),
        (Fault(COMMIT, 500), ("500", "later"), 1),
        (Fault(COMMIT, RESET), ("cannot be reached",), 1),
    ],
    ids=lambda value: f"{value.request} {value.status}" if isinstance(value, Fault) else "",
)
def test_what_fails_is_told_and_the_next_push_goes_on(hub, fault, facts, n_sent):
    hub.faults.append(fault)
    with refused(HubError, ADDRESS, *facts, NOTHING, GO_ON):
        push()
    assert sent(hub) == n_sent
    there = hub.repositories.get("ann/faces")
    assert there is None or not there.files
    arrived = bool(hub.large)
    hub.faults.clear()
    assert push().startswith(f"{hub.address}/ann/faces/commit/")
    assert hub.repositories["ann/faces"].files == FILES
    assert sent(hub) - n_sent == (not arrived)  # what has arrived is not sent twice


def test_a_hub_that_is_busy_for_a_moment_is_asked_again(hub):
    hub.faults += [Fault(SEND, 503, times=1), Fault(SEND, RESET, times=1)]
    push()
    assert sent(hub) == 3 and hub.repositories["ann/faces"].files == FILES


@pytest.mark.parametrize("status", [504, RESET])
def test_a_commit_whose_answer_is_lost_is_found(hub, status):
    hub.faults.append(Fault(COMMIT, status, done=True))
    with refused(HubError, "All the same", f"{hub.address}/ann/faces/commit/", GO_ON):
        push()
    hub.faults.clear()
    commits = [*hub.repositories["ann/faces"].commits]
    assert push().endswith(hub.repositories["ann/faces"].sha)
    assert hub.repositories["ann/faces"].commits == commits and sent(hub) == 1


def test_a_hub_that_is_gone_at_the_commit(hub):
    hub.faults.append(Fault(COMMIT, 500, then=lambda: hub.faults.append(Fault("GET", 500))))
    with refused(HubError, "500", WHOLE_OR_NOTHING, GO_ON):
        push()


def test_a_hub_that_says_nothing_is_not_waited_for_for_ever(hub):
    limits = []
    hub.faults += [
        Fault(one, 500, then=lambda: limits.append(get_session().timeout.read)) for one in (SEND, COMMIT)
    ]
    for _ in range(2):
        with refused(HubError, "500"):
            push()
        hub.faults.pop(0)
    assert limits == 7 * [SILENCE_S]


def test_a_page_that_asks_to_log_in_is_not_the_hub(hub):
    hub.faults.append(Fault("GET", 200, body=b"<html>Welcome to our hotel</html>"))
    with refused(HubError, ADDRESS, "not the Hugging Face hub", "log in"):
        visibility(ADDRESS)


PROGRAM = """
import sys
from functools import partial
from random import Random

from vidfer.commands.stopped import go_on_so, stopped_text
from vidfer.errors import exit_on_user_error
from vidfer.hub_upload import upload

with exit_on_user_error("vidfer push", partial(stopped_text, "push")):
    files = {"model.safetensors": Random(0).randbytes(100_000), "config.json": b"{}"}
    upload("hf://ann/faces", files, "vidfer push", private=True, now_holds=go_on_so)
"""


def program(hub: Hub, home: Path, *, xet: bool) -> subprocess.Popen:
    known = {
        name: value for name, value in os.environ.items() if not name.startswith(("HF_", "DO_NOT_TRACK"))
    }
    environment = known | {"HF_ENDPOINT": hub.address, "HF_HOME": str(home), "HF_TOKEN": TOKEN}
    environment |= {"HF_HUB_DISABLE_PROGRESS_BARS": "1"} | ({} if xet else {"HF_HUB_DISABLE_XET": "1"})
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env=environment, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize(
    ("xet", "where", "has"),
    [(False, SEND, NOTHING), (False, COMMIT, WHOLE_OR_NOTHING), (True, "xet-write-token", NOTHING)],
)
def test_ctrl_c_says_what_the_hub_has(tmp_path, xet, where, has):
    came, over = threading.Event(), threading.Event()

    def hold() -> None:
        came.set()
        over.wait()

    with running_hub() as hub:
        hub.faults.append(Fault(where, 500, then=hold))
        process = program(hub, tmp_path, xet=xet)
        try:
            assert came.wait(600)
            process.send_signal(signal.SIGINT)
            error = process.communicate(timeout=600)[1]
        finally:
            process.kill()
            over.set()
    assert process.returncode == 130
    assert error.splitlines()[-1] == f"vidfer push: stopped. {has} {GO_ON}"


def test_large_files_go_through_xet_which_reports_nothing(tmp_path):
    pytest.importorskip("hf_xet")
    with running_hub() as hub:
        hub.repositories["ann/faces"] = Repository(private=True)
        for status, words in ((401, "accept your token"), (403, "right to write"), (200, "")):
            hub.faults = [Fault("/v1/xorbs", status)] if words else []
            process = program(hub, tmp_path, xet=True)
            error = process.communicate()[1]
            assert process.returncode == (2 if words else 0) and words in error and "Traceback" not in error
    assert hub.repositories["ann/faces"].files["model.safetensors"] == WEIGHTS
    assert not hub.xet.reports and not hub.large
