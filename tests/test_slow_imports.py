"""What no training and no evaluation needs is not imported: it would delay the start of each."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CODE = """
import sys
import vidfer
vidfer.load()
print(*({"torch._dynamo", "sympy"} & sys.modules.keys()))
sys.path.insert(0, "recipes")
import egs, fewshot, noisy_student, supervised
import vidfer.evaluate.evaluate_checkpoint
slow = {"torchvision", "torchmetrics", "matplotlib"}
print(*(slow & sys.modules.keys()))
"""


def test_loading_recipes_and_evaluation_import_nothing_slow():
    found = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True)
    assert (found.returncode, found.stdout.split()) == (0, []), found.stderr
