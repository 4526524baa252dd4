"""How the demo runs its commands; that they work from start to end is what `make demo` shows."""

import os
import subprocess
import sys
from pathlib import Path

import demo
import psutil
import pytest
from gone import left_over


def test_commands_run_in_order_until_one_fails(tmp_path, capfd):
    with pytest.raises(SystemExit) as stop:
        demo.run(
            [f"touch {tmp_path / 'first'}", "sh -c 'echo reason; exit 3'", f"touch {tmp_path / 'third'}"]
        )
    assert "2" in str(stop.value) and "3" in str(stop.value)
    assert [path.name for path in tmp_path.iterdir()] == ["first"]
    shown = capfd.readouterr().out
    assert f"[1/3] $ touch {tmp_path}" in shown and "reason" in shown and "[3/3]" not in shown


def test_a_killed_demo_takes_its_command_with_it(tmp_path):
    os.mkfifo(tmp_path / "pid")
    os.mkfifo(tmp_path / "hold")
    command = f"sh -c 'echo $$ > {tmp_path}/pid; read x < {tmp_path}/hold'"
    tools = str(Path(demo.__file__).parent)
    program = f"import sys; sys.path.insert(0, {tools!r}); import demo; demo.run([{command!r}])"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.DEVNULL) as process:
        shell = psutil.Process(int((tmp_path / "pid").read_text()))
        with (tmp_path / "hold").open("w"):  # the command waits until this is closed
            process.kill()
            process.wait()
            assert left_over([shell]) == []
