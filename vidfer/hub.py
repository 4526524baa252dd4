"""Checkpoints on the Hugging Face hub, as ``hf://owner/name``; only where a user names one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from vidfer.errors import HubError, SettingError

SCHEME = "hf://"
ADDRESS = re.compile(r"hf:(/{1,2}|$)")
"""The beginning of an address; a path writes two slashes as one, and none at its end."""
FILES, CARD = ("config.json", "model.safetensors"), "README.md"
"""All that a checkpoint is, and its model card, if it has one."""
NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
EXAMPLE = "hf://owner/name"
NETWORK_LIBRARIES = ("httpx", "httpx2", "httpcore", "requests", "urllib3")
LOG_IN = "log in with `hf auth login`, or set HF_TOKEN"


def is_address(given: object) -> bool:
    """Whether this names a checkpoint on the hub."""
    return isinstance(given, str | Path) and ADDRESS.match(str(given)) is not None


def with_both_slashes(address: str | Path) -> str:
    """An address as a user writes it, also where it has been a path."""
    return SCHEME + ADDRESS.sub("", str(address))


def repository(address: str | Path) -> tuple[str, str]:
    """Owner and name, and the revision (``main`` unless one stands behind ``@``).

    Raises:
        SettingError: it is no address.
    """
    name, _, revision = ADDRESS.sub("", str(address)).partition("@")
    if not NAME.fullmatch(name):
        example = EXAMPLE if is_address(address) else EXAMPLE.removeprefix(SCHEME)
        raise SettingError(f"{address} is no repository of the Hugging Face hub; write it as {example}")
    return name, revision or "main"


@lru_cache
def fetch_checkpoint(address: str | Path) -> tuple[Path, str]:
    """Download a checkpoint and its model card into the hub's cache folder, unless they are there.

    Args:
        address: ``hf://owner/name``, with ``@revision`` for another one than the newest.

    Returns:
        Its folder, and the address with the commit that was read. The same in all of a program.

    Raises:
        SettingError: it is no address.
        HubError: it is not there, or the hub cannot be reached.
    """
    hub = _client_library()
    name, revision = repository(address)
    with hub_errors(with_both_slashes(address)):
        for file in FILES:
            path = Path(hub.hf_hub_download(name, file, revision=revision, library_name="vidfer"))
            revision = path.parent.name  # the commit: all files are of the same one
        with suppress(hub.errors.EntryNotFoundError):
            hub.hf_hub_download(name, CARD, revision=revision, library_name="vidfer")
    return path.parent, f"{SCHEME}{name}@{revision}"


def visibility(address: str) -> str:
    """``public`` or ``private``; ``new`` where there is no such repository that this user may see.

    Raises:
        HubError: nobody is logged in, the token is not valid, or the hub cannot be reached.
    """
    hub = _client_library()
    if hub.get_token() is None:
        raise HubError(f"{address}: you are not logged in to the Hugging Face hub; {LOG_IN}")
    with hub_errors(address):
        try:
            found = hub.HfApi().repo_info(repository(address)[0])
        except hub.errors.RepositoryNotFoundError:
            return "new"
    return "private" if found.private else "public"


def upload(address: str, files: dict[str, bytes | Path], message: str, *, private: bool) -> str:
    """Write files into a repository as one commit, and return the address of the commit in the browser.

    Args:
        address: of the repository, which is made if it is not there.
        files: name -> content, or where it is.
        message: of the commit.
        private: of a repository that is made.

    Raises:
        HubError: the hub refuses it, or cannot be reached. Nothing is half written: it is one commit.
    """
    hub = _client_library()
    name, _ = repository(address)
    additions = [hub.CommitOperationAdd(path, content) for path, content in files.items()]
    with hub_errors(address):
        api = hub.HfApi()
        api.create_repo(name, private=private, exist_ok=True)
        return api.create_commit(name, additions, commit_message=message).commit_url


@contextmanager
def hub_errors(address: str) -> Iterator[None]:
    """Turn what the hub or the way to it answers into a :class:`HubError` with the remedy."""
    known = _client_library().errors
    try:
        yield
    except known.RepositoryNotFoundError as error:
        raise HubError(
            f"there is no {address}, or you may not see it; check the name, or {LOG_IN}"
        ) from error
    except known.RevisionNotFoundError as error:
        raise HubError(f"{address}: there is no such revision; leave out what stands behind @") from error
    except known.LocalEntryNotFoundError as error:
        raise _not_reached(address, error) from error
    except known.EntryNotFoundError as error:
        raise HubError(f"{address} is no checkpoint of vidfer ({_first_line(error)})") from error
    except known.HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        if status == 401:
            raise HubError(f"{address}: the hub does not accept your token; {LOG_IN}") from error
        if status == 403:
            raise HubError(
                f"{address}: your token may not do this ({_first_line(error)}); use a token with the right "
                "to write, and a name of your own or of your organisation"
            ) from error
        raise HubError(f"{address}: the hub answers {_first_line(error)}; try again later") from error
    except ConnectionError as error:
        raise _not_reached(address, error) from error
    except ValueError as error:  # so it tells metadata that the hub does not take
        raise HubError(f"{address}: the hub does not take it: {' '.join(str(error).split())}") from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] in NETWORK_LIBRARIES:
            raise _not_reached(address, error) from error
        raise


def _client_library() -> ModuleType:
    """The hub's own library, told to say nothing about this machine beside what was asked for."""
    import huggingface_hub
    import huggingface_hub.errors
    from huggingface_hub import constants

    constants.HF_HUB_DISABLE_TELEMETRY = True
    return huggingface_hub


def _not_reached(address: str, error: Exception) -> HubError:
    return HubError(
        f"{address}: the Hugging Face hub cannot be reached ({_first_line(error)}); check the network, and "
        "HF_ENDPOINT and HF_HUB_OFFLINE if they are set"
    )


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
