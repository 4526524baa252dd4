"""Downloads from a real server on this machine: whole, cut, killed, damaged."""

import hashlib
import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
from patience import PATIENCE_S, wait_until
from refused import refused
from weights_server import serving

from vidfer.errors import CheckpointError, SettingError
from vidfer.models.pretrained import table
from vidfer.models.pretrained.download import download
from vidfer.models.pretrained.keep import hash_file, kept_file, place_of
from vidfer.models.pretrained.row import Pretrained

CONTENT = bytes(range(256)) * 4096  # 1 MiB
SHA256 = hashlib.sha256(CONTENT).hexdigest()

ROW = Pretrained(name="net", learned="nothing", licence="none", encoder="resnet18")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("VIDFER_ENCODERS", str(tmp_path / "kept"))
    return tmp_path / "kept"


def row_of(server, sha256=SHA256):
    return replace(ROW, url=server.address, sha256=sha256)


def test_a_file_is_fetched_once(folder):
    steps = []
    with serving(CONTENT) as server:
        path, was_here = download(row_of(server), lambda done, total: steps.append((done, total)))
        assert path == folder / "net" / "net.pth" and path.read_bytes() == CONTENT and not was_here
        assert download(row_of(server)) == (path, True)
        assert server.asked == [0]
    assert steps[-1] == (len(CONTENT), len(CONTENT)) and steps == sorted(steps)
    assert {f.name for f in path.parent.iterdir()} <= {"net.pth", "net.pth.sha256", "net.pth.lock"}


@pytest.mark.parametrize("sha256", ["0" * 64, "00000000"])
def test_another_file_than_the_table_says_is_not_kept(folder, sha256):
    with serving(CONTENT) as server:
        with refused(CheckpointError, server.address, SHA256[:9], sha256[:9], "deleted"):
            download(row_of(server, sha256))
        assert not place_of(ROW).exists() and not list(folder.rglob("*.part"))


def test_first_digits_of_a_hash_are_enough():
    with serving(CONTENT) as server:
        assert download(row_of(server, SHA256[:8]))[0].is_file()


def test_an_unknown_hash_is_recorded_and_then_counts():
    with serving(CONTENT) as server:
        row = row_of(server, "")
        path, _ = download(row)
        assert hash_file(row).read_text().strip() == SHA256
        path.unlink()
        server.content = CONTENT[::-1]
        with refused(CheckpointError, SHA256[:9], hash_file(row)):
            download(row)
        assert not path.exists()
        server.content = CONTENT
        assert download(row)[0].read_bytes() == CONTENT


def test_a_cut_transfer_goes_on_where_it_was_cut():
    with serving(CONTENT, cut_after=[300_000, 200_000]) as server:
        path, _ = download(row_of(server))
        assert path.read_bytes() == CONTENT
    assert server.asked == [0, 300_000, 500_000]


def test_a_server_without_ranges_begins_again():
    with serving(CONTENT, cut_after=[300_000], ranges=False) as server:
        assert download(row_of(server))[0].read_bytes() == CONTENT
    assert server.asked == [0, 0]


def test_what_has_come_is_kept_when_the_server_goes_away():
    with serving(CONTENT, cut_after=[300_000, 0, 0, 0, 0, 0]) as server:
        row = row_of(server)
        with refused(CheckpointError, "300,000", server.address, "--weights"):
            download(row)
        assert not place_of(row).exists()
        server.cut_after = []
        assert download(row)[0].read_bytes() == CONTENT
        assert server.asked[-1] == 300_000


def test_a_part_of_another_file_is_thrown_away():
    with serving(CONTENT) as server:
        row = row_of(server)
        part = place_of(row).with_name("net.pth.part")
        part.parent.mkdir(parents=True)
        part.write_bytes(bytes(len(CONTENT) + 5))
        assert download(row)[0].read_bytes() == CONTENT


def test_a_killed_download_goes_on(tmp_path):
    program = tmp_path / "get.py"
    with serving(CONTENT, pause_after=300_000) as server:
        program.write_text(
            "from vidfer.models.pretrained.download import download\n"
            "from vidfer.models.pretrained.row import Pretrained\n"
            f"download(Pretrained(name='net', learned='', licence='', url={server.address!r}))\n"
        )
        running = subprocess.Popen([sys.executable, program], env=os.environ.copy())
        part = place_of(ROW).with_name("net.pth.part")
        try:
            assert server.sent.wait(PATIENCE_S)
            wait_until(lambda: part.exists() and part.stat().st_size >= 262_144)
        finally:
            running.send_signal(signal.SIGKILL)
            running.wait()
        assert not place_of(row_of(server)).exists()
        server.pause_after = None
        here = part.stat().st_size
        assert download(row_of(server))[0].read_bytes() == CONTENT
        assert server.asked[-1] == here > 0


def test_no_network_says_what_to_fetch():
    with serving(CONTENT) as server:
        row = row_of(server)
    with refused(CheckpointError, row.url, "net", "--weights"):
        download(row)
    with serving(CONTENT) as server:
        missing = replace(row, url=server.address.replace("net.pth", "gone.pth"))
        with refused(CheckpointError, "404", "--weights"):
            download(missing)
    by_hand = replace(ROW, note="on a drive")
    with refused(SettingError, "net", "on a drive", "--weights"):
        download(by_hand)


def test_kept_weights_are_checked_when_they_are_used(monkeypatch):
    with serving(CONTENT) as server:
        row = row_of(server, "")
        monkeypatch.setitem(table.PRETRAINED, "net", row)
        with refused(CheckpointError, "vidfer encoders get net", server.address, "--weights"):
            kept_file("net")
        path, _ = download(row)
        assert kept_file("net") == path
        path.write_bytes(CONTENT[:-1])
        with refused(CheckpointError, path, SHA256[:9], "vidfer encoders get net"):
            kept_file("net")
        assert download(row) == (path, False)  # a damaged file is fetched again
        assert kept_file("net") == path
