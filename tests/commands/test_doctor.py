"""`vidfer doctor`: all is well here, and faults that are provoked for real are found, with their remedy."""

import json
import os
import resource
import signal
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from packaging.requirements import Requirement

from vidfer.commands import doctor
from vidfer.commands.checks import machine, packages, self_test, storage
from vidfer.commands.checks.finding import Finding, run_check
from vidfer.commands.checks.without_names import without_names
from vidfer.errors import DataError

ROOT = Path(__file__).resolve().parents[2]
EMPTY = Path("/sys")
"""A file system of the kernel: it has no space, and nobody can write a file into it."""

linux = pytest.mark.skipif(sys.platform != "linux", reason="provokes faults with file systems of Linux")


def the_one(findings) -> Finding:
    (found,) = findings
    return found


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    return self_test.draw_film(tmp_path_factory.mktemp("doctor") / "film.avi")


def test_it_does_the_whole_job_and_its_json_names_nobody(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("VIDFER_ENCODERS", str(Path.home() / "kept"))
    monkeypatch.chdir(tmp_path)
    assert doctor.main(["--json"]) == 0, capsys.readouterr().out
    shown = capsys.readouterr().out
    report = json.loads(shown)
    found = {one["check"]: one for one in report["findings"]}
    assert report["faults"] == 0 and {one["state"] for one in report["findings"]} <= {"ok", "warning"}
    assert {"vidfer", "torch", "CPU cores", "HDF5 files", "open files"} <= found.keys()
    for name in ("decoding", "face and cache", "predicting"):
        assert "12 of 12 frames" in found[name]["found"]
    assert found["encoders"]["found"].endswith("in ~/kept")
    assert str(Path.home()) + "/" not in shown and tmp_path.name not in shown
    assert not [*tmp_path.iterdir()]


def test_lines_for_people_stand_in_groups_with_the_remedy_below(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))
    try:
        assert doctor.main(["--quick"]) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    lines = capsys.readouterr().out.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("  fault    open files"))
    assert "at most 100 at once" in lines[at] and "do: ulimit -n" in lines[at + 1]
    assert "Machine" in lines and "1 fault" in lines[-1] and "Self-test, on a drawn film" not in lines
    assert max(map(len, lines)) <= 80


def test_packages_that_are_missing_old_or_broken_are_named(tmp_path):
    """In a copy of this environment without one package, with another one broken, and a third one too old."""
    site = tmp_path / "site"
    site.mkdir()
    for entry in Path(sysconfig.get_paths()["purelib"]).iterdir():
        is_simplejpeg = entry.name == "simplejpeg" or entry.name.startswith("simplejpeg.")
        if not (is_simplejpeg or entry.name.lower().startswith(("tensorboard", "tqdm-"))):
            (site / entry.name).symlink_to(entry)
    (site / "simplejpeg.py").write_text("raise OSError('libjpeg.so.8: no such file')\n")
    (site / "tqdm-0.1.dist-info").mkdir()
    (site / "tqdm-0.1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: tqdm\nVersion: 0.1\n")
    where = os.pathsep.join([str(ROOT), str(site)])
    done = subprocess.run(
        [sys.executable, "-S", "-m", "vidfer", "doctor", "--quick", "--json"],
        env=os.environ | {"PYTHONPATH": where},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stderr
    faults = {one["check"]: one for one in json.loads(done.stdout)["findings"] if one["state"] == "fault"}
    assert faults.keys() == {"tensorboard", "simplejpeg", "tqdm"}
    assert faults["tensorboard"]["found"] == "is not installed"
    assert faults["tensorboard"]["remedy"].startswith("pip install 'tensorboard>=")
    version = metadata.version("simplejpeg")
    assert faults["simplejpeg"]["found"] == f"{version} cannot be loaded: libjpeg.so.8: no such file"
    assert "--force-reinstall" in faults["simplejpeg"]["remedy"]
    assert faults["tqdm"]["found"].startswith("0.1, but vidfer needs >=")


def test_what_depends_on_a_broken_package_waits_for_it(monkeypatch):
    """As the process sees it that could not load torch."""
    wanted = [Requirement(name) for name in ("kornia", "decord", "torch", "numpy", "jinja2")]
    monkeypatch.setattr(packages, "_requirements", lambda: wanted)
    monkeypatch.setattr(packages, "crash_of", lambda modules: ("", ""))

    def loaded(one):
        return (
            packages.ok(one.name, "1")
            if one.name in ("numpy", "jinja2")
            else packages.fault(one.name, "-", "x")
        )

    monkeypatch.setattr(packages, "_loaded", loaded)
    found = {one.check: one for one in packages.needed()}
    assert [*found] == ["numpy", "torch", "kornia", "decord", "jinja2"] and found["torch"].remedy == "x"
    assert "mend torch first" in found["kornia"].remedy and found["decord"].state == "warning"

    def fails():
        raise OSError("libcudnn.so.9: cannot open")

    (one,) = run_check("hdf5 locking", fails, broken=True)
    assert one.state == "fault" and "named above" in one.remedy
    (one,) = run_check("self test", fails, broken=True)
    assert "was not run" in one.found and "named above" in one.remedy


def test_a_package_that_crashes_is_named_and_not_loaded(tmp_path, monkeypatch):
    """As machine code does that was built for another processor."""
    for name, code in (("works_here", ""), ("crashes_here", "import os; os.abort()"), ("later", "")):
        (tmp_path / f"{name}.py").write_text(code)
        (tmp_path / f"{name}-1.0.dist-info").mkdir()
        (tmp_path / f"{name}-1.0.dist-info/METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        )
    monkeypatch.syspath_prepend(tmp_path)
    wanted = [Requirement(name) for name in ("works_here", "crashes_here", "later")]
    monkeypatch.setattr(packages, "_requirements", lambda: wanted)
    try:
        first, crashing, last = packages.needed()
    finally:
        for one in wanted:
            sys.modules.pop(one.name, None)
    assert (first.state, last.state) == ("ok", "ok")
    assert (
        crashing.state == "fault" and "1.0 crashes Python" in crashing.found and "SIGABRT" in crashing.found
    )
    assert "--force-reinstall 'crashes_here'" in crashing.remedy
    monkeypatch.setitem(packages.SPARED, "crashes_here", "all works")
    assert "pip uninstall crashes_here: all works" in packages._crashes("crashes_here", "SIGILL").remedy


def test_an_extra_that_is_here_is_shown_with_its_versions():
    found = {one.check: one for one in packages.optional()}
    assert found["[onnx]"].state == "ok" and metadata.version("onnx") in found["[onnx]"].found


@linux
def test_shared_memory_and_a_disk_that_cannot_be_written(tmp_path, monkeypatch):
    assert the_one(storage.shared_memory(tmp_path)).state == "ok"
    found = the_one(storage.shared_memory(EMPTY))
    assert found.state == "warning" and f"{EMPTY} cannot be written to" in found.found
    assert "--data.workers 0" in found.remedy
    monkeypatch.setattr(storage, "LITTLE_SHARED", 2**80)
    found = the_one(storage.shared_memory(tmp_path))
    assert found.state == "warning" and "MB free" in found.found and "--shm-size" in found.remedy
    assert the_one(storage.shared_memory(tmp_path / "none")).state == "warning"
    found = storage._disk("caches", EMPTY / "below", "name another --out")
    assert found.state == "warning" and "cannot be written" in found.found and "--out" in found.remedy
    assert storage._disk("caches", Path("/dev/shm/later/cache"), "").found.endswith("in /dev/shm/later/cache")


def test_an_option_in_a_remedy_is_not_broken(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    remedy = "make it larger (in a container: --shm-size 8g), or so"
    for n in range(12):
        shown = doctor._line(Finding(check="memory", state="warning", found="x", remedy=n * "x " + remedy))
        assert "--shm-size" in shown


@linux
def test_hdf5_that_cannot_write_is_a_fault(tmp_path):
    assert the_one(storage.hdf5_locking(tmp_path)).state == "ok" and not [*tmp_path.iterdir()]
    if os.access(EMPTY, os.W_OK):  # another user is told so by the check of the disk
        found = the_one(storage.hdf5_locking(EMPTY))
        assert found.state == "fault" and "HDF5_USE_FILE_LOCKING=FALSE" in found.remedy


def test_a_full_disk_is_no_fault_of_hdf5(tmp_path):
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))  # as on a full disk, the system refuses
        found = the_one(storage.hdf5_locking(tmp_path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert found.state == "ok" and "the disk is full" in found.found and not [*tmp_path.iterdir()]


def test_the_file_system_of_a_folder_is_that_of_the_nearest_mount(tmp_path):
    mounts = tmp_path / "mounts"
    lines = ("none / ext4 rw", f"host:/a {tmp_path}/my\\040films nfs4 rw", f"none {tmp_path}/my fuse rw")
    mounts.write_text("\n".join(lines))
    assert storage.file_system(tmp_path / "my films" / "deep", mounts) == "nfs4"
    assert storage.file_system(tmp_path / "my" / "deep", mounts) == "fuse"
    assert storage.file_system(tmp_path / "mine", mounts) == "ext4"
    assert storage.file_system(tmp_path, tmp_path / "none") == ""


def test_few_open_files_are_a_warning():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    try:
        found = the_one(storage.open_files())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert found.state == "warning" and "512" in found.found and "ulimit -n" in found.remedy


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({"cpu.max": "150000 100000"}, 1.5),
        ({"cpu.max": "max 100000"}, None),
        ({"cpu/cpu.cfs_quota_us": "50000", "cpu/cpu.cfs_period_us": "100000"}, 0.5),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
        ({}, None),
    ],
)
def test_limits_of_a_container_count(tmp_path, files, cores):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    assert machine.core_limit(tmp_path) == cores
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        found = the_one(machine.processors(tmp_path))
    finally:
        torch.set_num_threads(threads)
    if cores is not None:
        assert found.state == "warning" and found.found.startswith(f"{cores:g} of ")
        assert found.remedy == "export OMP_NUM_THREADS=1"


def test_little_memory_is_a_warning(tmp_path):
    table = tmp_path / "meminfo"
    table.write_text("MemTotal:       16000000 kB\nMemAvailable:    8000000 kB\nHugePages_Total:   0\n")
    assert the_one(machine.memory(tmp_path, table)).found == "8.2 GB of 16.4 GB free"
    (tmp_path / "memory.max").write_text("1500000000\n")
    found = the_one(machine.memory(tmp_path, table))
    assert (found.state, found.found) == ("warning", "1.5 GB of 1.5 GB free")
    assert the_one(machine.memory(tmp_path, tmp_path / "none")).state == "ok"


@pytest.mark.skipif(torch.cuda.is_available(), reason="here PyTorch sees its GPU")
def test_a_driver_without_a_fitting_pytorch_is_a_warning(tmp_path):
    assert "GPU" in the_one(machine.accelerators(tmp_path / "none")).check
    found = the_one(machine.accelerators(tmp_path))
    assert found.state == "warning" and "nvidia-smi" in found.remedy


@pytest.mark.skipif(torch.cuda.is_available(), reason="here PyTorch sees its GPU")
def test_a_gpu_that_a_variable_hides_is_a_warning(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.version, "cuda", "13.2")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "first")
    found = the_one(machine.accelerators(tmp_path))
    assert found.state == "warning" and "CUDA_VISIBLE_DEVICES='first'" in found.found
    assert found.remedy.startswith("unset CUDA_VISIBLE_DEVICES")


@pytest.mark.parametrize(
    ("given", "fits"), [("2", True), ("4, 2", True), ("", True), ("two", False), ("0", False), ("-1", False)]
)
def test_a_number_of_threads_that_is_none_is_a_warning(given, fits, tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", given)
    found = {one.check: one for one in machine.processors(tmp_path)}
    assert ("threads" in found) != fits
    if not fits:
        assert f"OMP_NUM_THREADS={given} is no number" in found["threads"].found
        assert found["threads"].remedy.startswith("export OMP_NUM_THREADS=")


def test_what_reads_wrongly_or_without_decord_is_told(film, tmp_path):
    assert self_test.decoded(film).state == "ok"
    for i in range(self_test.N_FRAMES):
        cv2.imwrite(str(tmp_path / f"{i:03d}.png"), np.full((32, 32, 3), i, np.uint8))
    if self_test.decoded(film).found.endswith("proved right"):
        found = self_test.decoded(tmp_path)
        assert found.state == "warning" and "not proved right" in found.found
    (tmp_path / "000.png").unlink()
    assert self_test.decoded(tmp_path).state == "fault"
    (tmp_path / "text.avi").write_text("no film")
    found = the_one(run_check("decoding", lambda: [self_test.decoded(tmp_path / "text.avi")]))
    assert found.state == "fault" and "text.avi" in found.found


def test_a_film_in_which_no_face_is_found_is_a_fault(tmp_path):
    for i in range(self_test.N_FRAMES):
        cv2.imwrite(str(tmp_path / f"{i:03d}.png"), np.full((120, 160, 3), 80, np.uint8))
    for found in (self_test.cached(tmp_path, tmp_path / "c.h5"), self_test.predicted(tmp_path)):
        assert (
            found.state == "fault" and "0 of 12 frames" in found.found and "constraints.txt" in found.remedy
        )


def test_a_check_that_fails_is_a_fault_and_keeps_what_it_has_found():
    def half():
        yield Finding(check="first", state="ok", found="here")
        raise ZeroDivisionError("by\nnothing")

    first, broken = run_check("half", half)
    assert (
        first.found == "here" and broken.state == "fault" and broken.found == "ZeroDivisionError: by nothing"
    )

    def user_error():
        raise DataError("film.mp4 is empty; name another one")

    def not_there():
        import no_such_package  # noqa: F401

        yield

    assert the_one(run_check("user", user_error)).found == "film.mp4 is empty; name another one"
    assert "mend the packages" in the_one(run_check("gone", not_there)).remedy


def test_a_fault_without_a_remedy_cannot_be_told():
    with pytest.raises(ValueError, match="remedy"):
        Finding(check="x", state="fault", found="broken")


def test_names_are_taken_out_of_a_report(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ann")
    monkeypatch.setenv("LOGNAME", "ann")
    text = "/home/ann/data, /home/anna/x, /scratch/ann, /scratch/ann/tmp, annotations"
    assert without_names(text) == "~/data, /home/anna/x, /scratch/USER, /scratch/USER/tmp, annotations"
    monkeypatch.setenv("HOME", "/")
    assert without_names("/usr/lib") == "/usr/lib"
