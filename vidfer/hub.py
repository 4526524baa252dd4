"""Checkpoints on the Hugging Face hub, as ``hf://owner/name``; only where a user names one."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache, partial
from pathlib import Path
from types import ModuleType

from vidfer.errors import DiskError, HubError, SettingError, is_disk_full
from vidfer.files import sha256_of, writing
from vidfer.hub_answers import as_damaged, hub_errors

SCHEME = "hf://"
ADDRESS = re.compile(r"hf:(/{1,2}|$)")
"""The beginning of an address; a path writes two slashes as one, and none at its end."""
CONFIG, WEIGHTS, CARD = "config.json", "model.safetensors", "README.md"
"""All that a checkpoint is, and its model card, if it has one."""
REVISION = re.compile(r"\w[\w.-]*(/\w[\w.-]*)*")
"""A branch, a tag or a commit. It becomes the name of a file, so it must not lead elsewhere."""
NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
EXAMPLE = "hf://owner/name"
NO_TELEMETRY = "HF_HUB_DISABLE_TELEMETRY"


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
    told, example = address, EXAMPLE.removeprefix(SCHEME)
    if is_address(address):
        told, example = with_both_slashes(address), EXAMPLE
    if not NAME.fullmatch(name):
        raise SettingError(f"{told} is no repository of the Hugging Face hub; write it as {example}")
    if revision and not REVISION.fullmatch(revision):
        raise SettingError(f"{told}: behind @ goes a branch, a tag or a commit, as in {example}@main")
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
        HubError: it is not there, damaged, or the hub cannot be reached.
        DiskError: the disk is full, or the hub's cache folder cannot be written to.
    """
    hub = client_library()
    name, revision = repository(address)
    told = with_both_slashes(address)
    get = partial(hub.hf_hub_download, name, library_name="vidfer")
    kept = Path(hub.constants.HF_HUB_CACHE)
    with hub_errors(told), writing(kept), _writable(kept):
        folder = Path(get(CONFIG, revision=revision)).parent
        revision = folder.name  # the commit: all files are of the same one
        get(WEIGHTS, revision=revision)
        if not _is_whole(folder):  # the copy was damaged on its way, or since
            with as_damaged(told, folder):
                get(WEIGHTS, revision=revision, force_download=True)
            if not _is_whole(folder):
                raise HubError(
                    f"{told}: its {WEIGHTS} is another one than its {CONFIG} names; whoever uploaded it has "
                    "to push it again"
                )
        with suppress(hub.errors.EntryNotFoundError):
            get(CARD, revision=revision)
    return folder, f"{SCHEME}{name}@{revision}"


def client_library() -> ModuleType:
    """The hub's own library, told to say nothing about this machine beside what was asked for.

    Its variable of the environment is for hf_xet, which moves large files, and reports on it otherwise.
    """
    os.environ[NO_TELEMETRY] = "1"
    import huggingface_hub
    import huggingface_hub.errors
    from huggingface_hub import constants

    constants.HF_HUB_DISABLE_TELEMETRY = True
    return huggingface_hub


@contextmanager
def _writable(kept: Path) -> Iterator[None]:
    """Say which variable names another folder, where the hub's cache folder cannot be written to."""
    try:
        yield
    except OSError as error:
        if error.filename is None or is_disk_full(error):
            raise
        why = f"{error.filename}: {error.strerror}"
        raise DiskError(
            f"the hub's cache folder {kept} cannot be written to ({why}); set HF_HOME to a folder of your own"
        ) from error


def _is_whole(folder: Path) -> bool:
    """Whether the weights are those that the configuration names; also where that cannot be read."""
    try:
        wanted = json.loads((folder / CONFIG).read_bytes())["weights_sha256"]
    except (ValueError, KeyError, TypeError):  # whoever loads it says what is wrong
        return True
    return sha256_of(folder / WEIGHTS) == wanted
