"""A number that a tool cannot work with ends in one message and status 2, before any work."""

import re
import runpy

import pytest


@pytest.mark.parametrize(
    ("command", "option", "smallest"),
    [
        ("bench_cache --repeats 0", "--repeats 0", "1"),
        ("bench_cache --max-clips 0", "--max-clips 0", "1"),
        ("bench_cache_scale --n-clips 0", "--n-clips 0", "1"),
        ("bench_decode a.avi --repeats 0", "--repeats 0", "1"),
        ("bench_decode a.avi --core 4096", "--core", ""),
        ("bench_detect --every 0", "--every 0", "1"),
        ("bench_detect --actors -1", "--actors -1", "0"),
        ("bench_fewshot --repeats 0", "--repeats 0", "1"),
        ("bench_fewshot --threads 0", "--threads 0", "1"),
        ("bench_film --turns 0", "--turns 0", "1"),
        ("bench_join --clips 0", "--clips 0", "1"),
        ("bench_jpeg --cache c.h5 --turns 0", "--turns 0", "1"),
        ("bench_jpeg --cache c.h5 --qualities", "--qualities", "one"),
        ("bench_models --threads 0", "--threads 0", "1"),
        ("bench_models --repeats 0", "--repeats 0", "1"),
        ("bench_models --widths", "--widths", "one"),
        ("bench_onnx --frames 0", "--frames 0", "1"),
        ("bench_onnx --windows", "--windows", "one"),
        ("calibrate_network --checkpoint c --caches c.h5 --frames 0", "--frames 0", "1"),
        ("bench_processes --cache c.h5 --out o --repeats 0", "--repeats 0", "1"),
        ("bench_processes --cache c.h5 --out o --processes 1 0", "--processes 0", "1"),
        ("bench_processes --cache c.h5 --out o --processes", "--processes", "one"),
        ("bench_processes --cache c.h5 --out o --epochs 3 3", "--epochs 3 3", ""),
        ("bench_threads --steps 0", "--steps 0", "1"),
        ("check_actors --stride 0", "--stride 0", "1"),
        ("demo --seed -1", "--seed -1", "0"),
        ("interval_coverage --trials 1", "--trials 1", "2"),
        ("kill_cache --kills 0", "--kills 0", "1"),
        ("kill_training --kills 0", "--kills 0", "1"),
        ("kill_training --recipes nothing", "--recipes nothing", "supervised"),
        ("measure_upright films --most 0", "--most 0", "1"),
        ("profile_training --steps 0", "--steps 0", "1"),
        ("profile_training --workers -1", "--workers -1", "0"),
        ("study student --seeds", "--seeds", "one"),
        ("study student --jobs 0", "--jobs 0", "1"),
        ("study own_expressions --draws 0", "--draws 0", "1"),
        ("study own_expressions --shots", "--shots", "one"),
        ("typical_faces --cache c.h5 --per-class 1", "--per-class 1", "2"),
    ],
)
def test_a_number_that_is_too_small_is_refused(
    command, option, smallest, monkeypatch, capsys, tmp_path, tools
):
    name, *options = command.split()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [f"{name}.py", *options])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(tools / f"{name}.py"), run_name="__main__")
    assert stop.value.code == 2
    (message,) = re.findall(rf"^{name}\.py(?: \w+)?: (.*)", capsys.readouterr().err, re.MULTILINE)
    assert option in message and smallest in message.replace(option, "", 1)
    assert not [*tmp_path.iterdir()]
