"""Numbers that a tool cannot work with are one message and status 2, before any work."""

import re
import runpy
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("bench_cache --repeats 0", "--repeats 0: give 1 or more"),
        ("bench_cache --max-clips 0", "--max-clips 0: give 1 or more"),
        ("bench_cache_scale --n-clips 0", "--n-clips 0: give 1"),
        ("bench_decode a.avi --repeats 0", "--repeats 0: give 1"),
        ("bench_decode a.avi --core 4096", "--core: invalid choice"),
        ("bench_detect --every 0", "--every 0: give 1"),
        ("bench_detect --actors -1", "--actors -1: give 0"),
        ("bench_fewshot --repeats 0", "--repeats 0: give 1"),
        ("bench_fewshot --threads 0", "--threads 0: give 1"),
        ("bench_join --clips 0", "--clips 0: give 1"),
        ("bench_jpeg --cache c.h5 --turns 0", "--turns 0: give 1"),
        ("bench_jpeg --cache c.h5 --qualities", "--qualities: give one or more"),
        ("bench_models --threads 0", "--threads 0: give 1"),
        ("bench_models --repeats 0", "--repeats 0: give 1"),
        ("bench_models --widths", "--widths: give one or more"),
        ("bench_processes --cache c.h5 --out o --repeats 0", "--repeats 0: give 1"),
        ("bench_processes --cache c.h5 --out o --processes 1 0", "--processes 0: give 1"),
        ("bench_processes --cache c.h5 --out o --processes", "--processes: give one or more"),
        ("check_actors --stride 0", "--stride 0: give 1"),
        ("demo --seeds", "--seeds: give one or more"),
        ("demo --jobs 0", "--jobs 0: give 1"),
        ("interval_coverage --trials 1", "--trials 1: give 2"),
        ("kill_cache --kills 0", "--kills 0: give 1"),
        ("kill_training --kills 0", "--kills 0: give 1"),
        ("kill_training --recipes nothing", "--recipes nothing: choose from supervised"),
        ("profile_training --steps 0", "--steps 0: give 1"),
        ("profile_training --workers -1", "--workers -1: give 0"),
    ],
)
def test_a_number_that_is_too_small_is_told(command, said, monkeypatch, capsys, tmp_path):
    name, *options = command.split()
    if name == "bench_jpeg":
        pytest.importorskip("simplejpeg")  # not a library of vidfer
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(TOOLS)
    monkeypatch.setattr("sys.argv", [f"{name}.py", *options])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(TOOLS / f"{name}.py"), run_name="__main__")
    assert stop.value.code == 2
    assert re.search(rf"^{name}\.py: .*{re.escape(said)}", capsys.readouterr().err, re.MULTILINE)
    assert not [*tmp_path.iterdir()]
