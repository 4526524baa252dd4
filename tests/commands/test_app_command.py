"""What ``vidfer app`` says before and after it serves."""

import os
import signal
import socket
import sys

import pytest
from refused import refused

from vidfer.app import serve
from vidfer.commands import app
from vidfer.errors import MissingPackageError, SettingError


@pytest.fixture
def begin(monkeypatch):
    """begin(words) starts the command, which serves nobody and ends at once."""
    monkeypatch.setattr(serve, "serve", lambda *given: given[-1]())
    monkeypatch.setattr("vidfer.infer.predictor.load", lambda *_, **__: None)
    return lambda *words: app.main(words)


def test_it_tells_its_address_and_that_all_is_deleted(begin, capsys):
    assert begin("--port", "0") == 0
    told = capsys.readouterr()
    assert "http://127.0.0.1:" in told.out and "deleted" in told.out and told.err == ""


def test_it_warns_where_others_reach_it(begin, capsys):
    begin("--host", "0.0.0.0", "--port", "0")
    told = capsys.readouterr()
    assert "--host 0.0.0.0" in told.err and "everybody" in told.err and "password" in told.err


@pytest.mark.parametrize(
    ("host", "is_own"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("192.168.1.5", False)],
)
def test_which_hosts_others_reach(host, is_own):
    assert serve.is_loopback(host) is is_own


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:80/"),
        ("0.0.0.0", "http://127.0.0.1:80/"),
        ("::", "http://[::1]:80/"),
        ("box.example", "http://box.example:80/"),
    ],
)
def test_the_address_that_is_told(host, address):
    assert serve.address_here(host, 80) == address


def test_a_port_that_is_taken_is_told(begin):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with refused(SettingError, "--port", port, "--port 0"):
            begin("--port", str(port))


def test_gradio_sends_nothing_and_keeps_uploads_where_they_are_deleted(monkeypatch, tmp_path):
    analytics = pytest.importorskip("gradio.analytics")
    for name in (
        "GRADIO_TEMP_DIR",
        "GRADIO_ANALYTICS_ENABLED",
        "HF_HUB_DISABLE_TELEMETRY",
        "OTEL_SDK_DISABLED",
    ):
        monkeypatch.setenv(name, "before")  # and what was there before comes back after the test
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "True")
    assert analytics.analytics_enabled()
    serve.prepare_gradio(tmp_path)
    assert not analytics.analytics_enabled()
    from gradio.utils import get_upload_folder

    assert get_upload_folder() == str(tmp_path)
    assert os.environ["HF_HUB_DISABLE_TELEMETRY"] == "1"


def test_without_gradio_it_says_how_to_get_it(begin, monkeypatch):
    monkeypatch.setitem(sys.modules, "gradio", None)
    with refused(MissingPackageError, 'pip install "vidfer[app]"'):
        begin("--port", "0")


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_a_second_ctrl_c_does_not_stop_the_deleting(first):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with app._ended_once():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(first)
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
