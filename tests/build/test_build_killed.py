"""Nothing that was finished is lost to a kill or to Ctrl-C, and the end is the same."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
from build_here import CROPS
from gone import left_over
from refused import refused

from vidfer.build.build_cache import build_cache
from vidfer.build.settings import BuildSettings
from vidfer.clips import find_clips
from vidfer.errors import CacheError
from vidfer.store.reader import CropCache

SCRIPT = Path(__file__).with_name("build_here.py")


class Build:
    """One start of the program, which says how many clips are ready."""

    def __init__(self, root: Path, out: Path, workers: int) -> None:
        command = [sys.executable, str(SCRIPT), str(root), str(out), str(workers)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, text=True, **pipes)

    def finished(self) -> int:
        """Wait for the next message; all eight are finished when it has nothing more to say."""
        line = self.process.stdout.readline()
        return int(line.split()[0]) if line else 8

    def go_on(self) -> None:
        """Let it go on after a message, on which it waits."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self, how: signal.Signals) -> bool:
        """Stop it and see that its workers end too; False if it had ended by itself."""
        try:
            family = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            family = []
        self.process.send_signal(how)
        status = self.process.wait()
        self.process.stdout.close()
        self.process.stdin.close()
        assert not left_over(family)
        return status != 0


def test_stopped_again_and_again_it_ends_in_the_same_bytes(studio_clips, tmp_path):
    undisturbed, out = tmp_path / "undisturbed.h5", tmp_path / "stopped.h5"
    clips = find_clips("actors", studio_clips)
    build_cache(clips, undisturbed, CROPS, BuildSettings(workers=1))
    finished, stops = 0, 0
    # How it is stopped, after how many clips and seconds more, and with how many workers.
    for how, n_more, delay_s, workers in (
        (signal.SIGKILL, 1, 0.0, 2),
        (signal.SIGKILL, 1, 0.15, 1),
        (signal.SIGINT, 1, 0.05, 2),
        (signal.SIGKILL, 8, 0.0, 2),  # while the parts are joined, or nearly
    ):
        build = Build(studio_clips, out, workers)
        ready = build.finished()
        assert ready >= finished, "finished clips were lost"
        finished = min(8, finished + n_more)
        while ready < finished:
            build.go_on()
            ready = build.finished()
        time.sleep(delay_s)
        if finished == 8:
            build.go_on()
        stops += build.end(how)
        if finished < 8:
            with refused(CacheError, out, "vidfer cache"):
                CropCache(out)
    assert stops >= 3  # the last one may have ended by itself
    build_cache(clips, out, CROPS, BuildSettings(workers=2))
    assert out.read_bytes() == undisturbed.read_bytes()
    assert sorted(tmp_path.iterdir()) == [out, undisturbed]
