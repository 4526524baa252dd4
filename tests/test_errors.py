"""How a program ends with a mistake of the user, or with Ctrl-C."""

import gc
import weakref

from vidfer.errors import exit_on_user_error


def test_what_was_at_work_is_let_go_before_the_program_ends():
    left = []

    def work():
        at_work = {"an open film"}
        left.append(weakref.ref(at_work))
        raise KeyboardInterrupt

    gc.disable()  # a program may end before the collector comes
    try:
        try:
            with exit_on_user_error():
                work()
        except SystemExit as ended:
            assert ended.code == 130
        assert left[0]() is None
    finally:
        gc.enable()
