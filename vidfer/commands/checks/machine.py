"""Processors, memory and accelerators that may be used, also inside a container."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from vidfer.commands.checks.finding import Finding, ok, warning

CGROUPS = Path("/sys/fs/cgroup")
MEMORY_TABLE = Path("/proc/meminfo")
NVIDIA = Path("/dev/nvidia0")
"""What the driver of NVIDIA's GPUs makes."""
THREADS, VISIBLE = "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES"
LITTLE_MEMORY = 2 * 2**30
"""Bytes. `vidfer predict` takes about 1.2 GB."""


def processors(cgroups: Path = CGROUPS) -> Iterator[Finding]:
    """Cores that this process may use, and the threads of PyTorch.

    Args:
        cgroups: where the kernel shows the limits of a container or of a batch job.
    """
    import torch

    may = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit, threads = core_limit(cgroups), torch.get_num_threads()
    cores = may if limit is None else min(may, limit)
    found = f"{cores:g} of {os.cpu_count()} may be used; threads of PyTorch: {threads}"
    most = max(1, int(cores))
    if threads > most:
        yield warning(
            "CPU cores",
            f"{found}: threads that wait for each other make it slow",
            f"export {THREADS}={most}",
        )
    else:
        yield ok("CPU cores", found)
    given = os.environ.get(THREADS, "").strip()
    if given and not re.fullmatch(r"0*[1-9]\d*(\s*,\s*\d+)*", given):
        yield warning(
            "threads",
            f"{THREADS}={given} is no number of threads and is not used",
            f"export {THREADS}={most}",
        )


def memory(cgroups: Path = CGROUPS, table: Path = MEMORY_TABLE) -> Iterator[Finding]:
    """Memory that is free, and the limit of a container."""
    lines = table.read_text().splitlines() if table.is_file() else []
    known = {line.partition(":")[0]: int(line.split()[1]) * 1024 for line in lines if len(line.split()) > 1}
    limit = memory_limit(cgroups)
    if "MemTotal" not in known:
        yield ok("memory", "cannot be told on this system")
        return
    total, free = known["MemTotal"], known.get("MemAvailable", known["MemTotal"])
    if limit is not None and limit < total:
        total, free = limit, min(free, limit)
    found = f"{_gb(free)} of {_gb(total)} free"
    if free < LITTLE_MEMORY:
        yield warning("memory", found, "close other programs, or give the container or the job at least 2 GB")
    else:
        yield ok("memory", found)


def accelerators(nvidia: Path = NVIDIA) -> Iterator[Finding]:
    """GPUs that PyTorch sees; each multiplies two matrices."""
    import torch

    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            name = f"cuda:{index}"
            ones = torch.ones(256, 256, device=name)
            assert float((ones @ ones)[0, 0]) == 256, f"{name} multiplies wrongly"
            free, total = torch.cuda.mem_get_info(index)
            title = torch.cuda.get_device_name(index)
            yield ok("GPU", f"{name}: {title}, {_gb(free)} of {_gb(total)} free, CUDA {torch.version.cuda}")
    elif torch.backends.mps.is_available():
        yield ok("GPU", "mps (Apple)")
    elif nvidia.exists():
        what = f"built for CUDA {torch.version.cuda}" if torch.version.cuda else "built without CUDA"
        if torch.version.cuda and VISIBLE in os.environ:
            yield warning(
                "GPU",
                f"an NVIDIA driver is here, but {VISIBLE}='{os.environ[VISIBLE]}' shows no GPU to PyTorch",
                f"unset {VISIBLE}, or set it to numbers that `nvidia-smi -L` lists, such as 0",
            )
            return
        yield warning(
            "GPU",
            f"an NVIDIA driver is here, but PyTorch ({what}) sees no GPU",
            "compare `nvidia-smi` with the table at pytorch.org, and install a PyTorch for this driver",
        )
    else:
        yield ok("GPU", "none; everything runs on the CPU, training the full network is slow")


def core_limit(cgroups: Path) -> float | None:
    """Cores that a container may use, such as 1.5; None without a limit."""
    text = _read(cgroups / "cpu.max").split()  # version 2: microseconds that may be used, of how many
    if len(text) == 2 and text[0] != "max":
        return int(text[0]) / int(text[1])
    used, period = _read(cgroups / "cpu/cpu.cfs_quota_us"), _read(cgroups / "cpu/cpu.cfs_period_us")
    return int(used) / int(period) if used and period and int(used) > 0 else None


def memory_limit(cgroups: Path) -> int | None:
    """Bytes that a container may use; None without a limit."""
    text = _read(cgroups / "memory.max") or _read(cgroups / "memory/memory.limit_in_bytes")
    return int(text) if text.isdigit() else None


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _gb(n_bytes: float) -> str:
    return f"{n_bytes / 1e9:.1f} GB"
