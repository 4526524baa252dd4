"""A worker that is killed whenever it reads a clip of the name ``deadly``, alone or in a group."""

import os
import signal

from vidfer.build import make_part


def prepare(*arguments):
    make = make_part.prepare(*arguments)

    def work(clips):
        if any("deadly" in clip.id for clip, _ in clips):
            os.kill(os.getpid(), signal.SIGKILL)
        return make(clips)

    return work
