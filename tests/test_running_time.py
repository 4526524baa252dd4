from fake_clock import FakeClock

from vidfer.running_time import LONGEST_STEP_S, RunningTime


def test_time_in_which_the_process_stands_still_does_not_count(monkeypatch):
    clock = FakeClock(monkeypatch)
    clock.advance(100)
    running_s = RunningTime(clock)
    for n_seconds in (1, 2, 3):
        clock.advance(1)
        assert running_s() == n_seconds
    clock.advance(3600)
    assert running_s() == 3 + LONGEST_STEP_S
    clock.advance(1)
    assert running_s() == 4 + LONGEST_STEP_S
