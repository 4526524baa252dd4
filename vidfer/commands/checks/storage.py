"""Disks, shared memory, open files, and whether HDF5 can lock files where you stand."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from vidfer.commands.checks.finding import Finding, fault, ok, warning
from vidfer.errors import is_disk_full

LITTLE_DISK = 2**30
SHARED, LITTLE_SHARED = Path("/dev/shm"), 2**30
MOUNTS = Path("/proc/self/mounts")
FEW_FILES, TOO_FEW_FILES = 1024, 128
"""Files that may be open at once: a cache of many shards with workers needs some hundred."""


def disks() -> Iterator[Finding]:
    """Free space and the right to write: here, for temporary files, and for downloaded weights."""
    yield _disk("current folder", Path(), "go to a folder that you may write to, or name one with --out")
    try:
        temporary = Path(tempfile.gettempdir())
    except FileNotFoundError:
        yield fault(
            "temporary files",
            "there is no folder that can be written to, or its disk is full",
            "export TMPDIR=/path/with/space",
        )
    else:
        yield _disk("temporary files", temporary, "export TMPDIR=/path/with/space")
    from huggingface_hub import constants

    from vidfer.models.pretrained.keep import FOLDER, folder_of_weights

    yield _disk("weights of the hub", Path(constants.HF_HOME), "export HF_HOME=/path/with/space")
    yield _disk("encoders", folder_of_weights(), f"export {FOLDER}=/path/with/space")


def shared_memory(folder: Path = SHARED) -> Iterator[Finding]:
    """Through /dev/shm loader processes hand over batches."""
    if not folder.is_dir() and sys.platform != "linux":
        yield ok("shared memory", "no /dev/shm on this system")
        return
    if why := _why_unwritable(folder):
        yield warning(
            "shared memory",
            f"{folder} cannot be written to ({why}); there can be no loader processes",
            "train with --data.workers 0, or make it larger or writable (in a container: --shm-size 8g)",
        )
        return
    free = shutil.disk_usage(folder).free
    if free < LITTLE_SHARED:
        yield warning(
            "shared memory",
            f"{free / 1e6:.0f} MB free in {folder}; loader processes may be stopped",
            "in a container: --shm-size 8g; or train with --data.workers 0",
        )
    else:
        yield ok("shared memory", f"{free / 1e9:.1f} GB free in {folder}")


def open_files() -> Iterator[Finding]:
    """How many files may be open at once."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        yield ok("open files", "no limit that can be told on this system")
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    found = "no limit" if soft == unlimited else f"at most {soft} at once"
    more = 4096 if hard == unlimited else min(4096, hard)
    remedy = f"ulimit -n {more}" if more > soft else "ask who runs this machine for a higher `ulimit -n`"
    if soft != unlimited and soft < FEW_FILES:
        yield (fault if soft < TOO_FEW_FILES else warning)("open files", found, remedy)
    else:
        yield ok("open files", found)


def hdf5_locking(folder: Path | None = None) -> Iterator[Finding]:
    """Whether HDF5 can write, lock and read a file here; on some network disks it cannot."""
    import h5py

    folder = folder or Path.cwd()
    kind = file_system(folder)
    where = f"HDF5 {h5py.version.hdf5_version}, current folder{f' ({kind})' if kind else ''}"
    if not os.access(folder, os.W_OK):
        yield ok("HDF5 files", f"{where}: not tried, because it cannot be written to")
        return
    path = folder / f".vidfer_doctor_{os.getpid()}.h5"
    try:
        with h5py.File(path, "w") as file:
            file["numbers"] = [1, 2, 3]
        with h5py.File(path, "r") as file:
            assert list(file["numbers"]) == [1, 2, 3], "it reads something else than was written"
    except OSError as error:
        if is_disk_full(error):
            yield ok("HDF5 files", f"{where}: not tried, because the disk is full")
            return
        why = " ".join(str(error).split())
        remedy = "write caches to a local disk, or export HDF5_USE_FILE_LOCKING=FALSE and never write a "
        yield fault("HDF5 files", f"{where}: {why}", f"{remedy}cache from two machines at once")
    else:
        yield ok("HDF5 files", f"{where}: written, locked and read")
    finally:
        path.unlink(missing_ok=True)


def file_system(folder: Path, mounts: Path = MOUNTS) -> str:
    """The kind of file system of a folder, such as ``ext4`` or ``nfs4``; empty if it cannot be told."""
    try:
        lines = [line.split() for line in mounts.read_text().splitlines()]
    except OSError:
        return ""
    there, places = folder.resolve(), {}
    for _, place, kind, *_ in (line for line in lines if len(line) > 2):
        at = Path(place.replace("\\040", " "))
        if there == at or at in there.parents:
            places[at] = kind  # a later one lies over an earlier one
    return places[max(places, key=lambda at: len(at.parts))] if places else ""


def _disk(title: str, folder: Path, remedy: str) -> Finding:
    """Free space of a folder that may be made later, and whether a file can be written there."""
    there = next(place for place in (folder, *folder.parents) if place.is_dir())
    where = "" if folder == Path() else f" in {folder}"  # its name may tell of whom the films are
    if why := _why_unwritable(there):
        return warning(title, f"cannot be written to ({why}){where}", remedy)
    free = shutil.disk_usage(there).free
    found = f"{free / 1e9:.1f} GB free{where}"
    return warning(title, found, f"free some space, or {remedy}") if free < LITTLE_DISK else ok(title, found)


def _why_unwritable(folder: Path) -> str:
    """What the system says against a new file of one page in a folder; empty if nothing."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".vidfer_doctor_") as file:
            file.write(b"x" * 4096)
            file.flush()
    except OSError as error:
        return error.strerror
    return ""
