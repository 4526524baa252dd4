"""What the Hugging Face hub, or the way to it, answers, as an error with its remedy."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

from vidfer.errors import HubError, is_disk_full

NETWORK_LIBRARIES = ("httpx", "httpx2", "httpcore", "requests", "urllib3")
LOG_IN = "log in with `hf auth login`, or set HF_TOKEN"
SEE, CHANGE = "see", "change"
"""What is done with a repository: 403 and 401 have another remedy for each."""
ANOTHER_SERVER = (
    "what answers is not the Hugging Face hub; check HF_ENDPOINT if it is set, and whether the network wants "
    "you to log in first"
)
NO_ROOM = re.compile(r"storage|quota|payment|billing", re.IGNORECASE)
"""Words of the hub about an account that is full."""
OF_XET = re.compile(r"HTTP status \w+ error \((\d{3})\b")
"""How hf_xet, which moves large files, tells the status that it got."""


@contextmanager
def hub_errors(address: str, doing: str = SEE) -> Iterator[None]:
    """Turn what the hub or the way to it answers into a :class:`HubError` with the remedy.

    Args:
        address: of the repository.
        doing: :data:`SEE` or :data:`CHANGE`.
    """
    try:
        yield
    except Exception as error:
        told = _told(error, doing)
        if told is None:
            raise
        raise HubError(f"{address}: {told}") from error


@contextmanager
def as_damaged(address: str, folder: Path) -> Iterator[None]:
    """Say that a copy is damaged, where downloading it again fails."""
    try:
        with hub_errors(address):
            yield
    except HubError as error:
        raise HubError(
            f"{address}: the copy in {folder} is damaged, and cannot be downloaded again: {error}"
        ) from error


def _told(error: BaseException, doing: str) -> str | None:
    """What an error means, and the remedy; nothing where it is not about the hub or the way to it."""
    from huggingface_hub import errors as known

    if isinstance(error, RuntimeError) and error.__cause__:  # a file on its way; the cause says why
        return _told(error.__cause__, doing)
    if isinstance(error, known.GatedRepoError):
        return f"its owner decides who may have it; ask for access on its page, then {LOG_IN}"
    if isinstance(error, known.RepositoryNotFoundError):
        if doing == CHANGE and error.response.status_code == 401:  # it was there a moment ago
            return _refused(401, "", doing)
        return f"there is no such repository, or you may not see it; check the name, or {LOG_IN}"
    if isinstance(error, known.RevisionNotFoundError):
        return "there is no such revision; leave out what stands behind @"
    if isinstance(error, known.LocalEntryNotFoundError):  # neither on the hub nor here
        if isinstance(error.__cause__, known.HfHubHTTPError):
            return _told(error.__cause__, doing)
        if isinstance(error.__cause__, known.FileMetadataError):
            return ANOTHER_SERVER
        return _not_reached(error.__cause__ or error)
    if isinstance(error, known.EntryNotFoundError):
        return f"it is no checkpoint of vidfer{_lacks(error)}"
    if isinstance(error, known.HfHubHTTPError):
        return _refused(error.response.status_code, error.server_message or "", doing)
    if found := OF_XET.search(str(error)):
        return _refused(int(found[1]), "", doing)
    if isinstance(error, ConnectionError | TimeoutError):
        return _not_reached(error)
    if isinstance(error, json.JSONDecodeError):
        return ANOTHER_SERVER
    if isinstance(error, ValueError):  # so it tells metadata that the hub does not take
        why = " ".join(str(error).split())
        return f"the hub does not take it: {why}{_more_room(why)}"
    if type(error).__module__.partition(".")[0] in NETWORK_LIBRARIES:
        return _not_reached(error)
    if isinstance(error, OSError) and error.filename is None and not is_disk_full(error):
        return f"a file came damaged ({_first_line(str(error)) or type(error).__name__}); start again"
    if isinstance(error, RuntimeError):
        return f"a file could not be moved ({_first_line(str(error))}); start again"
    return None


def _refused(status: int, message: str, doing: str) -> str:
    """What an answer with a status of HTTP means, and the remedy; ``message``: the hub's own words."""
    phrase = HTTPStatus(status).phrase if status in {*HTTPStatus} else ""
    said = _first_line(message)
    why = f"{status} {said if said and not said.startswith('<') else phrase}".strip()
    if status == 401:
        return f"the hub does not accept your token; {LOG_IN}"
    if doing == CHANGE and (room := _more_room(f"{phrase} {message}")):
        return f"the hub has no room for it ({why}){room}"
    if status == 403 and doing == SEE:
        return f"you may not see it ({why}); {LOG_IN} of somebody who may"
    if status == 403:
        return (
            f"your token may not do this ({why}); use a token with the right to write, and a name of your "
            "own or of your organisation"
        )
    if status == 404:
        return f"the hub does not know it ({why}); check the name, and HF_ENDPOINT if it is set"
    if status in (409, 412):
        return f"somebody else changed it at the same time ({why}); start again"
    if status == 413:
        return f"a file is larger than the hub takes, or a proxy on the way to it ({why})"
    if status == 429:
        return f"the hub was asked too often ({why}); try again in some minutes"
    return f"the hub answers {why}; try again later"


def _more_room(text: str) -> str:
    """The remedy for an account that is full; empty where the text does not say so."""
    if not NO_ROOM.search(text):
        return ""
    return "; make room in the settings of the account, or give the name of another owner"


def _not_reached(error: BaseException) -> str:
    why = _first_line(str(error)) or type(error).__name__
    return (
        f"the Hugging Face hub cannot be reached ({why}); check the network, and HF_ENDPOINT and "
        "HF_HUB_OFFLINE if they are set"
    )


def _lacks(error: Exception) -> str:
    """Which file is missing, as far as the hub's answer tells."""
    response = getattr(error, "response", None)
    return f": it has no {str(response.url).rpartition('/')[2]}" if response is not None else ""


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
