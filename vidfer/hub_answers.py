"""What the Hugging Face hub, or the way to it, answers, as an error with its remedy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vidfer.errors import HubError, is_disk_full

NETWORK_LIBRARIES = ("httpx", "httpx2", "httpcore", "requests", "urllib3")
LOG_IN = "log in with `hf auth login`, or set HF_TOKEN"


@contextmanager
def hub_errors(address: str) -> Iterator[None]:
    """Turn what the hub or the way to it answers into a :class:`HubError` with the remedy."""
    from huggingface_hub import errors as known

    try:
        yield
    except known.GatedRepoError as error:
        raise HubError(
            f"{address}: its owner decides who may have it; ask for access on its page, then {LOG_IN}"
        ) from error
    except known.RepositoryNotFoundError as error:
        raise HubError(
            f"there is no {address}, or you may not see it; check the name, or {LOG_IN}"
        ) from error
    except known.RevisionNotFoundError as error:
        raise HubError(f"{address}: there is no such revision; leave out what stands behind @") from error
    except known.LocalEntryNotFoundError as error:  # neither on the hub nor here
        if isinstance(error.__cause__, known.HfHubHTTPError):
            raise _refused(address, error.__cause__, "see") from error
        raise _not_reached(address, error.__cause__ or error) from error
    except known.EntryNotFoundError as error:
        raise HubError(f"{address} is no checkpoint of vidfer{_lacks(error)}") from error
    except known.HfHubHTTPError as error:
        raise _refused(address, error, "change") from error
    except ConnectionError as error:
        raise _not_reached(address, error) from error
    except ValueError as error:  # so it tells metadata that the hub does not take
        raise HubError(f"{address}: the hub does not take it: {' '.join(str(error).split())}") from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] in NETWORK_LIBRARIES:
            raise _not_reached(address, error) from error
        if isinstance(error, OSError) and error.filename is None and not is_disk_full(error):
            raise HubError(f"{address}: a file came damaged ({_first_line(error)}); start again") from error
        raise


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


def _refused(address: str, error: Exception, doing: str) -> HubError:
    """The error for an answer with a status of HTTP; ``doing``: see or change."""
    status = error.response.status_code if error.response is not None else 0
    why = _first_line(error)
    if status == 401:
        return HubError(f"{address}: the hub does not accept your token; {LOG_IN}")
    if status == 403 and doing == "see":
        return HubError(f"{address}: you may not see it ({why}); {LOG_IN} of somebody who may")
    if status == 403:
        return HubError(
            f"{address}: your token may not do this ({why}); use a token with the right to write, and a name "
            "of your own or of your organisation"
        )
    if status == 404:
        return HubError(f"there is no {address} ({why}); check the name, and HF_ENDPOINT if it is set")
    if status == 429:
        return HubError(f"{address}: the hub was asked too often ({why}); try again in some minutes")
    return HubError(f"{address}: the hub answers {why}; try again later")


def _not_reached(address: str, error: BaseException) -> HubError:
    return HubError(
        f"{address}: the Hugging Face hub cannot be reached ({_first_line(error)}); check the network, and "
        "HF_ENDPOINT and HF_HUB_OFFLINE if they are set"
    )


def _lacks(error: Exception) -> str:
    """Which file is missing, as far as the hub's answer tells."""
    response = getattr(error, "response", None)
    return f": it has no {str(response.url).rpartition('/')[2]}" if response is not None else ""


def _first_line(error: BaseException) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
