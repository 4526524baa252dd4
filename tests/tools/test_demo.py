"""How the demo runs its commands; that they work from start to end is what `make demo` shows."""

import demo
import pytest


def test_commands_run_in_order_until_one_fails(tmp_path, capfd):
    with pytest.raises(SystemExit) as stop:
        demo.run(
            [f"touch {tmp_path / 'first'}", "sh -c 'echo reason; exit 3'", f"touch {tmp_path / 'third'}"]
        )
    assert "2" in str(stop.value) and "3" in str(stop.value)
    assert [path.name for path in tmp_path.iterdir()] == ["first"]
    shown = capfd.readouterr().out
    assert f"[1/3] $ touch {tmp_path}" in shown and "reason" in shown and "[3/3]" not in shown
