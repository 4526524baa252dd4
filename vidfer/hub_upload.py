"""Uploads to the Hugging Face hub: what is there, and files as one commit."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vidfer.errors import HubError
from vidfer.hub import client_library, repository
from vidfer.hub_answers import CHANGE, LOG_IN, hub_errors

SILENCE_S = 120.0
"""Seconds that the hub may say nothing before it counts as not reached. Its own library waits for ever."""

NOTHING = "Nothing of this push can be seen on the hub."
WHOLE_OR_NOTHING = "The hub has all files of this push or none."
GO_ON = "The same command goes on: a file that has arrived is not sent twice."


def visibility(address: str) -> str:
    """``public`` or ``private``; ``new`` where there is no such repository that this user may see.

    Raises:
        HubError: nobody is logged in, the token is not valid, or the hub cannot be reached.
    """
    hub = client_library()
    if hub.get_token() is None:
        raise HubError(f"{address}: you are not logged in to the Hugging Face hub; {LOG_IN}")
    with hub_errors(address):
        try:
            found = hub.HfApi().repo_info(repository(address)[0], timeout=SILENCE_S)
        except hub.errors.RepositoryNotFoundError:
            return "new"
    return "private" if found.private else "public"


def upload(
    address: str,
    files: dict[str, bytes | Path],
    message: str,
    *,
    private: bool,
    now_holds: Callable[[str], None] = lambda _: None,
) -> str:
    """Write files into a repository as one commit, and return the address of the commit in the browser.

    Args:
        address: of the repository, which is made if it is not there.
        files: name -> content, or where it is.
        message: of the commit.
        private: of a repository that is made.
        now_holds: is told, whenever it changes, what the hub has of these files and how to go on.

    Raises:
        HubError: the hub refuses it, or cannot be reached; the message says what it has. Nothing is half
            written: it is one commit.
    """
    hub = client_library()
    name, _ = repository(address)
    additions = [hub.CommitOperationAdd(path, content) for path, content in files.items()]
    api = hub.HfApi()
    now_holds(f"{NOTHING} {GO_ON}")
    try:
        with hub_errors(address, CHANGE):
            hub.get_session().timeout = SILENCE_S
            _check_card(hub, files)
            api.create_repo(name, private=private, exist_ok=True)
            _apart(lambda: api.preupload_lfs_files(name, additions, free_memory=False))
            before = _newest(api, name)
    except HubError as error:
        raise HubError(f"{error}. {NOTHING} {GO_ON}") from error
    now_holds(f"{WHOLE_OR_NOTHING} {GO_ON}")
    try:
        with hub_errors(address, CHANGE):
            hub.get_session().timeout = SILENCE_S  # it may be another session by now
            return api.create_commit(name, additions, commit_message=message).commit_url
    except HubError as error:
        raise HubError(f"{error}. {_what_it_has(api, name, before)} {GO_ON}") from error


def _apart(work: Callable[[], object]) -> None:
    """Do it in a thread, so that Ctrl-C ends it at once: hf_xet does not look while it waits for the hub."""
    failed: list[BaseException] = []
    over = threading.Event()

    def do() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)
        finally:
            over.set()

    threading.Thread(target=do, daemon=True).start()
    over.wait()
    if failed:
        raise failed[0]


def _check_card(hub: Any, files: dict[str, bytes | Path]) -> None:
    """Let the hub check the metadata of the card before large files are sent for nothing.

    Raises:
        ValueError: it does not take them.
    """
    card = files.get("README.md")
    if not isinstance(card, bytes):
        return
    try:
        hub.ModelCard(card.decode(), ignore_metadata_errors=True).validate()
    except ValueError as error:
        raise ValueError(_messages(str(error))) from error


def _messages(answer: str) -> str:
    """What the hub has against a card, out of its answer in JSON."""
    try:
        return "; ".join(one["message"] for one in json.loads(answer)["errors"])
    except (ValueError, KeyError, TypeError):
        return answer


def _newest(api: Any, name: str) -> str | None:
    """The newest commit."""
    return api.repo_info(name, timeout=SILENCE_S).sha


def _what_it_has(api: Any, name: str, before: str | None) -> str:
    """What the hub has after the answer to a commit was a fault: such a commit may be there all the same."""
    try:
        with hub_errors(name):
            now = _newest(api, name)
    except HubError:
        return WHOLE_OR_NOTHING
    return (
        NOTHING
        if now == before
        else f"All the same there is a new commit: {api.endpoint}/{name}/commit/{now}."
    )
