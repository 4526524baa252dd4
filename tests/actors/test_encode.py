"""The same frames give the same bytes, whatever the memory held that the encoder was given."""

import hashlib
import os
import subprocess
import sys

import pytest

ENCODES = """
import sys
from pathlib import Path
import numpy as np
from vidfer.actors.encode import encode

y, x = np.mgrid[0:240, 0:320]
frames = [128 + 90 * np.sin((x + 3 * i) / 9) * np.cos((y - 2 * i) / 7) for i in range(6)]
grain = np.random.default_rng(0).normal(0, 6, (6, 240, 320, 3))
encode((np.stack(frames)[..., None] + grain).clip(0, 255).astype(np.uint8), Path(sys.argv[1]), fps=10, crf=23)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's option")
def test_memory_that_nobody_has_written_does_not_matter(tmp_path):
    found = set()
    for filled_with in ("0", "1", "85"):
        path = tmp_path / f"{filled_with}.avi"
        environment = os.environ | {"MALLOC_PERTURB_": filled_with}
        subprocess.run([sys.executable, "-c", ENCODES, path], check=True, env=environment)
        found.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(found) == 1
