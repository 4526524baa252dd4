"""Download the weights of a pretrained encoder, go on after a cut, check them and keep them."""

from __future__ import annotations

import logging
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

from filelock import FileLock

from vidfer import __version__
from vidfer.errors import CheckpointError, SettingError
from vidfer.files import sha256_of, writing
from vidfer.models.pretrained.keep import check_hash, hash_file, place_of, record_hash
from vidfer.models.pretrained.row import Pretrained

Progress = Callable[[int, int], None]
BLOCK = 1 << 18
TIMEOUT_S = 60.0
"""How long the server may be silent."""

ATTEMPTS = 5
"""Connections one after the other, each of which goes on where the last one was cut."""


def download(row: Pretrained, progress: Progress | None = None) -> tuple[Path, bool]:
    """Download the weights of a pretrained encoder, unless they are here.

    What has come is kept in a file ``*.part`` when the transfer is cut or the program is killed, and the next
    call asks the server for the rest. The file gets its name when it is whole and its hash is right.

    Args:
        row: of the table.
        progress: called with the bytes that are here and the bytes of the whole file.

    Returns:
        The file, and whether it was here already.

    Raises:
        SettingError: it cannot be downloaded by a program.
        CheckpointError: the server cannot be reached, or gives another file.
        DiskError: the disk is full. What has come is kept.
    """
    if row.address is None:
        raise SettingError(
            f"{row.name} cannot be downloaded by a program ({row.note or row.licence}); fetch it by hand and "
            "name the file with --weights"
        )
    path = place_of(row)
    path.parent.mkdir(parents=True, exist_ok=True)
    logging.getLogger("pooch").setLevel(logging.WARNING)
    with FileLock(path.with_name(path.name + ".lock")):  # a second program waits for the first one
        return _download(row, path, progress)


def _download(row: Pretrained, path: Path, progress: Progress | None) -> tuple[Path, bool]:
    if path.is_file():
        try:
            check_hash(row, path, sha256_of(path))
            return path, True
        except CheckpointError:
            path.unlink()  # damaged: the download below brings it again

    import pooch

    def resumed(url: str, output_file: str, _: object) -> None:
        part = path.with_name(path.name + ".part")
        with writing(part, "what has come is kept; free some space, then start the same command again"):
            _fetch_all(row, url, part, progress)
        found = sha256_of(part)
        try:
            check_hash(row, path, found)
        except CheckpointError as error:
            part.unlink()
            remedy = "try again" if row.sha256 else f"delete {hash_file(row)} if its publisher has changed it"
            raise CheckpointError(
                f"{url} gave another file than expected, which was deleted ({error}); {remedy}"
            ) from error
        record_hash(row, found)
        part.replace(output_file)

    pooch.retrieve(row.address, known_hash=None, fname=path.name, path=path.parent, downloader=resumed)
    return path, False


def _fetch_all(row: Pretrained, url: str, part: Path, progress: Progress | None) -> None:
    """Fetch the rest of a file, over several connections if they are cut."""
    error: Exception | None = None
    for _ in range(ATTEMPTS):
        before = part.stat().st_size if part.exists() else 0
        try:
            if _fetch(url, part, progress):
                return
            error = None
        except urllib.error.HTTPError as refusal:
            why = f"the server says {refusal.code} {refusal.reason}"
            raise CheckpointError(_not_fetched(row, url, why)) from refusal
        except (urllib.error.URLError, HTTPException, ConnectionError, TimeoutError) as cut:
            error = cut
        if not part.exists() or part.stat().st_size <= before:
            break  # nothing more comes
    here = part.stat().st_size if part.exists() else 0
    why = getattr(error, "reason", error) or "the transfer was cut"
    kept = f", {here:,} bytes have come and are kept" if here else ""
    raise CheckpointError(_not_fetched(row, url, f"{why}{kept}")) from error


def _not_fetched(row: Pretrained, url: str, why: str) -> str:
    return (
        f"cannot download {row.name} from {url}: {why}; start the same command again, or fetch the file "
        "elsewhere and name it with --weights FILE"
    )


def _fetch(url: str, part: Path, progress: Progress | None) -> bool:
    """Ask for what is missing and append it; whether the file is whole now."""
    here = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"User-Agent": f"vidfer/{__version__}"})
    if here:
        request.add_header("Range", f"bytes={here}-")
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as refusal:
        if refusal.code != 416 or not here:
            raise
        part.unlink()  # more has come than the file has: it is another file
        return _fetch(url, part, progress)
    with answer:
        goes_on = answer.status == 206
        here = here if goes_on else 0  # a server that knows no ranges begins again
        length = answer.headers.get("Content-Length")
        total = here + int(length) if length else 0
        with part.open("ab" if goes_on else "wb") as file:
            while block := answer.read(BLOCK):
                file.write(block)
                here += len(block)
                if progress is not None:
                    progress(here, max(total, here))
    return not total or here == total
