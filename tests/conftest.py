"""Fixtures that several rooms share."""

import errno
import os
import signal
import tempfile
from pathlib import Path

import pytest
import torch

from vidfer.commands.say import Output, output

# A shell ignores Ctrl-C in what it starts in the background; programs that tests start would inherit this.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What vidfer remembers of its user is none of the tests' business. Here it remembers a user who has seen the
# note of a first prediction; otherwise whichever test predicts first would find it among its errors.
_STATE = tempfile.TemporaryDirectory(prefix="vidfer_state_")
os.environ["XDG_STATE_HOME"] = _STATE.name
(Path(_STATE.name) / "vidfer").mkdir()
(Path(_STATE.name) / "vidfer" / "responsible_use_was_shown").touch()

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))


@pytest.fixture(autouse=True)
def seeded() -> None:
    """The same weights in every test, whichever tests ran before it in the same process."""
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def usual_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that is started in this process with ``--json`` or ``--quiet`` leaves others their output."""
    for name, value in vars(Output()).items():
        monkeypatch.setattr(output, name, value)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real videos, published weights and golden numbers; not part of the repository."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip(
            "../shared is not here; this test checks against real data that only the maintainers have"
        )
    return folder


@pytest.fixture(scope="session")
def studio_clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight studio clips of 20 frames in AFEW's layout, with truth: happy and surprise, every split."""
    from vidfer.actors.settings import ActorSettings
    from vidfer.actors.write import write_actors

    settings = ActorSettings(
        min_duration_s=0.8,
        max_duration_s=0.8,
        base_labels=("happy", "surprise"),
        novel_labels=(),
        train_per_class=1,
        val_per_class=1,
        test_per_class=1,
        unlabelled=2,
        train_subjects=2,
        val_subjects=1,
        test_subjects=1,
        unlabelled_subjects=2,
        novel_per_class=0,
    )
    folder = tmp_path_factory.mktemp("studio_clips")
    write_actors(settings, folder)
    return folder


@pytest.fixture(scope="session")
def striped_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A crop cache that can be learned from in seconds.

    Of each of 3 classes 6 clips to train on, 4 to validate on, 8 unlabelled (one of them faceless).
    """
    from striped_cache import write_striped_cache

    path = tmp_path_factory.mktemp("striped") / "striped.h5"
    write_striped_cache(path, {"train": 6, "val": 4, "unlabelled": 8}, faceless=1)
    return path


@pytest.fixture(scope="session")
def jpeg_cache(tmp_path_factory) -> Path:
    from made_up_caches import make_cache

    return make_cache(tmp_path_factory.mktemp("jpeg"))


@pytest.fixture(scope="session")
def raw_cache(tmp_path_factory) -> Path:
    from made_up_caches import make_cache

    return make_cache(tmp_path_factory.mktemp("raw"), codec="raw")


@pytest.fixture
def no_semaphores(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the system says where /dev/shm is mounted read-only: semaphores are files there."""

    def refuse(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("multiprocessing.synchronize.SemLock.__init__", refuse)
