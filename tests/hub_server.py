"""A small server that speaks the part of the Hugging Face hub's protocol that vidfer uses.

Its answers follow what huggingface_hub asks for; the hub itself was not at hand. Files of a commit come as
regular ones (base64 in the commit) or as large ones (Git LFS: batch, PUT, commit with the hash; or Xet).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

import yaml
from hub_faults import RESET, Fault, break_connection, fault_of
from huggingface_hub import constants
from local_server import local_server
from xet_storage import XetStorage

TOKEN = "hf_good"
READ_ONLY = "hf_read"
LARGE = (".safetensors",)


@dataclass
class Repository:
    private: bool
    files: dict[str, bytes] = field(default_factory=dict)
    commits: list[str] = field(default_factory=list)

    @property
    def sha(self) -> str:
        return hashlib.sha1(repr((sorted(self.files), self.commits)).encode()).hexdigest()


@dataclass
class Hub:
    """What the server holds, and what it was asked."""

    address: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    xet: XetStorage = field(default_factory=XetStorage)


@contextmanager
def running_hub() -> Iterator[Hub]:
    """A hub on a free port of this machine."""
    hub = Hub()
    with local_server(type("Handler", (_Handler,), {"hub": hub})) as hub.address:
        yield hub


@contextmanager
def hub_of_this_process(monkeypatch, folder) -> Iterator[Hub]:
    """A hub that this process asks, and keeps the files of in a folder. It is told nothing through Xet."""
    with running_hub() as hub:
        url = f"{hub.address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr(constants, "ENDPOINT", hub.address)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", url)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder))
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield hub


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    fault: Fault | None = None
    protocol_version = "HTTP/1.1"

    def log_message(self, *_) -> None:
        pass

    def handle_one_request(self) -> None:
        with suppress(ConnectionError):  # who asked has gone
            super().handle_one_request()

    def do_POST(self) -> None:
        body = self._body()
        if self._meets_fault() or self._answers_xet(body):
            return None
        if self.path == "/api/validate-yaml":
            found = yaml.safe_load(json.loads(body)["content"].split("---\n")[1])
            if found["license"] == "no-such-licence":
                return self._json({"errors": [{"message": '"license" must be one of ...'}]}, 400)
            return self._json({"warnings": []})
        if not self._may_write():
            return None
        if self.path == "/api/repos/create":
            asked = json.loads(body)
            name = f"{asked['organization']}/{asked['name']}" if asked.get("organization") else asked["name"]
            if name in self.hub.repositories:
                return self._json({"error": "exists", "url": f"{self.hub.address}/{name}"}, 409)
            hidden = asked.get("private") or asked.get("visibility") == "private"
            self.hub.repositories[name] = Repository(bool(hidden))
            return self._json({"url": f"{self.hub.address}/{name}", "name": name, "id": name})
        if found := re.fullmatch(r"/api/models/(.+?)/preupload/main", self.path):
            there = self.hub.repositories[found[1]].files
            files = [
                {
                    "path": one["path"],
                    "uploadMode": "lfs" if one["path"].endswith(LARGE) else "regular",
                    "shouldIgnore": False,
                    "oid": _oid(one["path"], there[one["path"]]) if one["path"] in there else None,
                }
                for one in json.loads(body)["files"]
            ]
            return self._json({"files": files})
        if self.path.endswith("/info/lfs/objects/batch"):
            objects = [
                one
                if one["oid"] in self.hub.large
                else {**one, "actions": {"upload": {"href": f"{self.hub.address}/large/{one['oid']}"}}}
                for one in json.loads(body)["objects"]
            ]
            return self._json({"transfer": "basic", "objects": objects})
        if found := re.fullmatch(r"/api/models/(.+?)/commit/main", self.path):
            return self._commit(found[1], [json.loads(line) for line in body.splitlines()])
        return self._json({"error": f"unknown: {self.path}"}, 404)

    def _commit(self, name: str, lines: list[dict]) -> None:
        repository = self.hub.repositories[name]
        for line in lines:
            value = line["value"]
            if line["key"] == "header":
                repository.commits.append(value["summary"])
            elif line["key"] == "file":
                repository.files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                repository.files[value["path"]] = (self.hub.large | self.hub.xet.files)[value["oid"]]
        url = f"{self.hub.address}/{name}/commit/{repository.sha}"
        self._json({"success": True, "commitOid": repository.sha, "commitUrl": url})

    def do_PUT(self) -> None:
        body = self._body()
        if self._meets_fault():
            return
        oid = self.path.removeprefix("/large/")
        assert hashlib.sha256(body).hexdigest() == oid
        self.hub.large[oid] = body
        self._json({})

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if self._meets_fault() or self._answers_xet(b""):
            return None
        if self._token() not in (None, TOKEN, READ_ONLY):
            return self._refuse(401, message="Invalid credentials in Authorization header")
        found = re.fullmatch(
            r"(?:/api/models)?/([\w.-]+/[\w.-]+)(?:/revision/main|/resolve/(\w+)/(.+))?", self.path
        )
        repository = self.hub.repositories.get(found[1]) if found else None
        if repository is None or (repository.private and self._token() is None):
            return self._refuse(404, "RepoNotFound")
        if found[3] is None:
            return self._json({"id": found[1], "sha": repository.sha, "private": repository.private})
        if found[2] not in ("main", repository.sha):
            return self._refuse(404, "RevisionNotFound", {"X-Repo-Commit": repository.sha})
        if found[3] not in repository.files:
            return self._refuse(404, "EntryNotFound", {"X-Repo-Commit": repository.sha})
        content = repository.files[found[3]]
        etag = hashlib.sha256(content).hexdigest()
        return self._send(200, content, {"ETag": f'"{etag}"', "X-Repo-Commit": repository.sha})

    def _meets_fault(self) -> bool:
        self.hub.asked.append(f"{self.command} {self.path}")
        fault = fault_of(self.hub.faults, self.command, self.path)
        if fault is None:
            return False
        if fault.then:
            fault.then()
        if fault.done:
            self.fault = fault
            return False
        self._fail(fault)
        return True

    def _fail(self, fault: Fault) -> None:
        self.fault = None
        if fault.status == RESET:
            return break_connection(self)
        said = {"X-Error-Message": fault.message} if fault.message else {}
        return self._send(fault.status, fault.body, {**said, **fault.headers})

    def _answers_xet(self, body: bytes) -> bool:
        answer = self.hub.xet.answer(self.command, self.path, body, self.hub.address)
        if answer is not None:
            self._json(*answer)
        return answer is not None

    def _may_write(self) -> bool:
        if self._token() == TOKEN:
            return True
        if self._token() == READ_ONLY:
            self._refuse(403, message="you need a token with the right to write")
        else:
            self._refuse(401, message="Invalid credentials in Authorization header")
        return False

    def _token(self) -> str | None:
        given = self.headers.get("Authorization")
        return given.removeprefix("Bearer ") if given else None

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _refuse(self, status: int, code: str = "", headers: dict | None = None, message: str = "") -> None:
        known = {"X-Error-Code": code, "X-Error-Message": message}
        self._send(status, b"{}", {k: v for k, v in known.items() if v} | (headers or {}))

    def _json(self, value: dict, status: int = 200) -> None:
        self._send(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        if self.fault is not None:
            return self._fail(self.fault)
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _oid(name: str, content: bytes) -> str:
    """By what the hub tells whether a file has changed: SHA-256 of a large one, git's hash of another one."""
    if name.endswith(LARGE):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
