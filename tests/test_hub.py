"""Checkpoints of the hub: damaged copies are mended, and every answer is told with what to do."""

import resource
import signal
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import torch
from hub_faults import RESET, Fault
from hub_server import Repository, hub_of_this_process
from huggingface_hub import constants, errors
from huggingface_hub.utils import _http
from networks import network
from refused import refused

from vidfer.errors import DiskError, HubError, SettingError
from vidfer.hub import fetch_checkpoint, repository
from vidfer.hub_answers import hub_errors
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import load_checkpoint, save_checkpoint


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("hub") / "checkpoint"
    torch.manual_seed(0)
    made = build_recogniser(network("resnet18", None, width=4, input_px=32), ("happy", "sad"))
    save_checkpoint(folder, made, {"epoch": 3})
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """The client library does not wait before it tries again."""
    monkeypatch.setattr(_http, "time", SimpleNamespace(sleep=lambda _: None))
    with hub_of_this_process(monkeypatch, tmp_path / "kept") as server:
        fetch_checkpoint.cache_clear()
        yield server
        fetch_checkpoint.cache_clear()


def fetch_again():
    fetch_checkpoint.cache_clear()
    return fetch_checkpoint("hf://ann/faces")[0]


def test_a_damaged_copy_is_downloaded_again(hub, files, monkeypatch):
    hub.repositories["ann/faces"] = Repository(private=False, files=dict(files))
    weights = (fetch_again() / "model.safetensors").resolve()
    weights.write_bytes(weights.read_bytes()[:1000])
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with refused(HubError, "hf://ann/faces", "damaged", weights.parents[1], "offline"):
        fetch_again()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    load_checkpoint(fetch_again())


def test_files_that_do_not_belong_together(hub, files):
    there = dict(files)
    hub.repositories["ann/faces"] = Repository(private=False, files=there)
    there["model.safetensors"] += b"more"
    with refused(HubError, "hf://ann/faces", "model.safetensors", "push it again"):
        fetch_again()
    there["model.safetensors"] = files["model.safetensors"]
    hub.repositories["ann/faces"].commits.append("pushed again")
    load_checkpoint(fetch_again())


OF_WEIGHTS = "GET .*/model.safetensors"


@pytest.mark.parametrize(
    ("fault", "facts"),
    [
        (Fault("HEAD", 500), ("500 Internal Server Error", "later")),
        (Fault(OF_WEIGHTS, 503, headers={"Retry-After": "9"}), ("503 Service Unavailable", "later")),
        (Fault(OF_WEIGHTS, 403, "link has expired"), ("may not see it", "link has expired")),
        (Fault(OF_WEIGHTS, RESET), ("cannot be reached", "check the network")),
        (Fault(OF_WEIGHTS, 200, body=b"a part"), ("damaged", "start again")),
        (Fault("", 200, body=b"<html>log in</html>"), ("not the Hugging Face hub", "log in")),
    ],
    ids=lambda value: f"{value.request} {value.status}" if isinstance(value, Fault) else "",
)
def test_a_download_that_fails_is_told_and_leaves_nothing_half(hub, files, fault, facts):
    hub.repositories["ann/faces"] = Repository(private=False, files=dict(files))
    hub.faults.append(fault)
    with refused(HubError, "hf://ann/faces", *facts):
        fetch_again()
    assert not [*Path(constants.HF_HUB_CACHE).rglob("model.safetensors")]
    hub.faults.clear()
    load_checkpoint(fetch_again())


def test_a_download_for_which_the_disk_has_no_room(hub, files):
    hub.repositories["ann/faces"] = Repository(private=False, files=dict(files))
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(
            resource.RLIMIT_FSIZE, (10_000, before[1])
        )  # as on a full disk, the system refuses
        with refused(DiskError, "the disk is full", constants.HF_HUB_CACHE, "free some space"):
            fetch_again()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    load_checkpoint(fetch_again())


def test_a_cache_folder_that_cannot_be_written_to(hub, files, tmp_path, monkeypatch):
    hub.repositories["ann/faces"] = Repository(private=False, files=dict(files))
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "file" / "hub"))
    with refused(DiskError, tmp_path / "file" / "hub", "cannot be written to", "HF_HOME"):
        fetch_again()


def test_a_repository_with_pickles_only(hub):
    pickle = {"pytorch_model.bin": b"\x80\x04cos\nsystem\n"}
    hub.repositories["ann/faces"] = Repository(private=False, files=pickle)
    with refused(HubError, "hf://ann/faces", "no checkpoint of vidfer", "config.json"):
        fetch_again()
    assert not any("bin" in asked for asked in hub.asked)


@pytest.mark.parametrize("revision", ["../../x", "a/../b", "/etc", ".."])
def test_a_revision_leads_nowhere_else(revision):
    with refused(SettingError, f"hf://ann/faces@{revision}", "@main"):
        repository(f"hf:/ann/faces@{revision}")
    assert repository("hf://ann/faces@refs/pr/1") == ("ann/faces", "refs/pr/1")


def answered(status: int) -> Exception:
    response = httpx.Response(status, request=httpx.Request("HEAD", "https://hub.example/ann/faces"))
    return errors.HfHubHTTPError("failed", response=response, server_message="out of order")


@pytest.mark.parametrize(
    ("status", "facts"),
    [
        (403, ("may not see it", "HF_TOKEN")),
        (404, ("does not know it", "HF_ENDPOINT")),
        (429, ("too often", "minutes")),
        (503, ("503 out of order", "later")),
    ],
)
def test_an_answer_is_not_taken_for_a_network_that_is_down(status, facts):
    """The client library says that neither the hub nor the disk has the file, and why only in the cause."""
    with refused(HubError, "hf://ann/faces", *facts), hub_errors("hf://ann/faces"):
        raise errors.LocalEntryNotFoundError("check your connection") from answered(status)


def test_other_faults_on_the_way():
    with refused(HubError, "hf://ann/faces", "ask for access"), hub_errors("hf://ann/faces"):
        raise errors.GatedRepoError("gated", response=answered(403).response)
    with refused(HubError, "of size 9 but has size 5", "start again"), hub_errors("hf://ann/faces"):
        raise OSError("file should be of size 9 but has size 5")
    for error in (OSError(28, "No space left on device"), PermissionError(13, "Permission denied", "/kept")):
        with pytest.raises(type(error)), hub_errors("hf://ann/faces"):  # the disk's, not the hub's
            raise error
