"""What a user can do with a film that is not upright."""

import pytest
from closed import closed

from vidfer.crops.rotation import how_to_turn


@pytest.mark.parametrize(
    "name, rotation, option",
    [("a b.mp4", 90, "clock"), ("a b.mp4", 180, "hflip,vflip"), ("a b", 270, "cclock")],
)
def test_it_is_told_also_of_a_film_in_a_locked_folder(tmp_path, name, rotation, option):
    with closed(tmp_path):
        told = how_to_turn(tmp_path / name, rotation)
    assert f"`ffmpeg -i '{name}' -vf " in told and f"{option} turned.mp4`" in told


def test_frames_in_a_folder_are_turned_by_another_tool(tmp_path):
    assert how_to_turn(tmp_path, 90) == "turn it by 90° to the right"
