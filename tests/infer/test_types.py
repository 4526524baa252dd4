"""The public names are typed, and a user's typed program passes a type checker."""

import subprocess
import sys
from pathlib import Path

import vidfer

ROOT = Path(__file__).resolve().parents[2]
PUBLIC = ("__init__.py", "infer/predictor.py", "infer/answers.py", "infer/moment.py", "infer/settings.py")


def test_a_type_checker_finds_nothing(tmp_path):
    files = [str(ROOT / "vidfer" / name) for name in PUBLIC]
    files.append(str(Path(__file__).with_name("use_of_the_api.py")))
    options = [
        "--follow-imports=silent",
        "--ignore-missing-imports",
        "--no-error-summary",
        "--strict-equality",
        "--warn-unused-ignores",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path), *options, *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (Path(vidfer.__file__).parent / "py.typed").exists()
