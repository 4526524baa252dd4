"""The server of a review: what the page asks for, and who may not ask."""

import http.client
import json
import socket
import struct
import threading

import cv2
import numpy as np
import pytest
from patience import wait_until
from refused import refused
from review_runs import CLIPS, write_review_run

from vidfer.errors import RunError, SettingError
from vidfer.learn.round_table import open_round
from vidfer.report.review_clips import RoundReview
from vidfer.report.review_server import ReviewServer
from vidfer.tables import read_table


@pytest.fixture
def run(tmp_path):
    return write_review_run(tmp_path)


@pytest.fixture
def server(run):
    with ReviewServer(RoundReview(open_round(run))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(server, path, body=None, method=None, **headers) -> tuple[int, dict, bytes]:
    """Status, headers and content; asked as the page asks, but for the headers given here (None: none)."""
    connection = http.client.HTTPConnection(*server.server_address)
    own = {"Host": server.hosts[0]}
    if body is not None:
        own |= {"Origin": f"http://{server.hosts[0]}", "Content-Type": "application/json"}
        own |= {"Content-Length": str(len(body))}
    own |= {name.replace("_", "-"): value for name, value in headers.items()}
    connection.putrequest(method or ("GET" if body is None else "POST"), path, skip_host=True)
    for name, value in own.items():
        if value is not None:
            connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read()
    connection.close()
    return found


def say(server, place, word, **headers):
    body = json.dumps({"place": place, "word": word}).encode()
    return ask(server, f"/{server.secret}/say", body, **headers)


def words(run) -> dict[str, str]:
    rows = read_table(run / "pseudo_labels" / "round1.csv", ("clip", "corrected"))
    return {row["clip"]: row["corrected"] for row in rows if row["corrected"]}


def test_the_least_sure_clips_come_first_and_faceless_ones_not_at_all(server):
    state = json.loads(ask(server, f"/{server.secret}/state")[2])
    assert [item["title"] for item in state["items"]] == ["a/2.mp4", "a/0.mp4", "a/1.mp4", "long@1"]
    assert [item["confidence"] for item in state["items"]] == sorted(
        one["confidence"] for one in state["items"]
    )
    assert state["items"][3]["detail"] == "long.mp4, from 1.00 s to 2.50 s"
    assert state["items"][0]["probabilities"] == pytest.approx([0.4, 0.35, 0.25])
    assert [(one["name"], one["key"]) for one in state["classes"]] == [
        *(("angry", "1"), ("happy", "2"), ("sad", "3")),
    ]


def test_a_browser_that_leaves_before_its_answer_is_no_error(server, capsys):
    before = {*threading.enumerate()}
    with server.lock:  # the answer waits
        left = socket.create_connection(server.server_address)
        left.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close() resets
        left.sendall(f"GET /{server.secret}/state HTTP/1.1\r\nHost: {server.hosts[0]}\r\n\r\n".encode())
        wait_until(lambda: {*threading.enumerate()} - before)
        left.close()
    wait_until(lambda: {*threading.enumerate()} <= before)
    assert capsys.readouterr().err == ""
    assert ask(server, f"/{server.secret}/state")[0] == 200


def test_in_the_order_of_the_table_the_clips_are_a_fair_sample(run):
    table = open_round(run)
    shown = [item.title for item in RoundReview(table, "table").items]
    assert shown == [row["clip"] for row in table.rows if row["has_face"] == "1"]


def test_a_sheet_shows_faces_of_the_clip_in_the_order_of_time(server):
    status, headers, content = ask(server, f"/{server.secret}/sheet/1")
    assert status == 200 and headers["Content-Type"] == "image/jpeg"
    sheet = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert sheet.shape == (192, 192 * 24, 3)
    # a/0.mp4 has 40 frames, whose brightness grows by 3 a frame; the first two show no face.
    found = [round(float(sheet[:, 192 * i : 192 * (i + 1)].mean())) for i in range(24)]
    wanted = [3 * frame for frame in np.linspace(2, 39, 24).round().astype(int)]
    assert np.abs(np.subtract(found, wanted)).max() <= 3


def test_a_word_is_on_disk_when_the_answer_comes(server, run):
    status, _, answer = say(server, 0, "sad")
    assert status == 200 and json.loads(answer)["word"] == "sad" and words(run) == {"a/2.mp4": "sad"}
    assert say(server, 1, "ok")[0] == 200 and words(run) == {"a/2.mp4": "sad", "a/0.mp4": "ok"}
    answer = json.loads(ask(server, f"/{server.secret}/undo", b"{}")[2])
    assert (answer["place"], answer["word"]) == (1, "") and words(run) == {"a/2.mp4": "sad"}
    ask(server, f"/{server.secret}/undo", b"{}")
    assert json.loads(ask(server, f"/{server.secret}/undo", b"{}")[2])["place"] is None and words(run) == {}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": None},
        {"Origin": "null"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
        {"Host": None},
        {"Content_Type": "text/plain"},
        {"Content_Type": "application/x-www-form-urlencoded"},
    ],
)
def test_no_other_page_can_write(server, run, headers):
    assert say(server, 0, "sad", **headers)[0] == 403
    assert words(run) == {}


def test_nobody_without_the_secret_word_or_under_another_host_can_read(server):
    for path in ("/", "/state", "/x/state", f"/{server.secret}", f"/{server.secret[:-1]}/state", "*", "//"):
        assert ask(server, path)[0] == 404
    assert ask(server, f"/{server.secret}/state", Host="evil.example:80")[0] == 403
    assert ask(server, f"/{server.secret}/state", Host=server.hosts[1])[0] == 200
    assert server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("say", b"{", 400),
        ("say", b"[]", 400),
        ("say", b'{"place": 4, "word": "sad"}', 400),
        ("say", b'{"place": -1, "word": "sad"}', 400),
        ("say", b'{"place": 0, "word": 3}', 400),
        ("say", b'{"place": 0, "word": "%s"}' % (b"x" * 20_000), 400),
        ("shout", b"{}", 404),
        ("sheet/4", None, 404),
        ("sheet/../../page.html", None, 404),
        ("page.html", None, 404),
    ],
)
def test_what_the_page_never_asks_for_is_refused(server, run, path, body, status):
    assert ask(server, f"/{server.secret}/{path}", body)[0] == status
    assert words(run) == {}


def test_other_ways_of_asking_are_unknown(server):
    assert ask(server, f"/{server.secret}/say", b"{}", method="PUT")[0] == 501


def test_a_fault_comes_as_its_message(server, run):
    table = run / "pseudo_labels" / "round1.csv"
    table.rename(table.with_suffix(".away"))
    status, _, answer = say(server, 0, "sad")
    assert status == 500 and "gone" in json.loads(answer)["error"]
    status, _, answer = say(server, 0, "word of no class")
    assert status == 500 and "word of no class" in json.loads(answer)["error"]


def test_the_page_allows_nothing_but_itself(server):
    status, headers, page = ask(server, f"/{server.secret}/")
    policy = headers["Content-Security-Policy"]
    nonce = policy.split("script-src 'nonce-")[1].split("'")[0]
    assert status == 200 and page.count(f'nonce="{nonce}"'.encode()) == 2 and b"NONCE" not in page
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert headers["Cache-Control"] == "no-store"
    assert nonce not in ask(server, f"/{server.secret}/")[1]["Content-Security-Policy"]


def test_what_cannot_be_reviewed_is_told(server, run):
    with refused(SettingError, f"--port {server.server_address[1]}"):
        ReviewServer(server.review, server.server_address[1])
    with refused(SettingError, "--port 70000"):
        ReviewServer(server.review, 70000)
    table = run / "pseudo_labels" / "round1.csv"
    text = table.read_text()
    table.write_text(text.replace(",0.4000,", ",sure,"))
    with refused(RunError, "round1.csv", "sure"):
        RoundReview(open_round(run))
    lines = text.splitlines()
    faceless = [line for line in lines if "faceless" in line]
    assert len(lines) == len(CLIPS) + 1 and len(faceless) == 1
    table.write_text("\n".join([lines[0], *faceless]))
    with refused(RunError, "round1.csv", "no clip"):
        RoundReview(open_round(run))
