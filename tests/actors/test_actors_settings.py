"""Settings of actors that cannot be drawn."""

import pytest
from refused import refused

from vidfer.actors.settings import ActorSettings
from vidfer.errors import SettingError

NO_CLIPS = dict.fromkeys(
    ("train_per_class", "val_per_class", "test_per_class", "novel_per_class", "unlabelled"), 0
)


@pytest.mark.parametrize(
    ("wrong", "facts"),
    [
        ({"setting": "theatre"}, ["'theatre'", "studio, wild"]),
        ({"size": (321, 240)}, ["321x240", "64"]),
        ({"min_duration_s": 0.2}, ["min_duration_s", "0.2", "0.5"]),
        ({"min_duration_s": 3.0}, ["min_duration_s", "3.0", "max_duration_s", "2.0"]),
        ({"max_duration_s": 9.0}, ["max_duration_s", "9.0", "5"]),
        ({"base_labels": ("happy", "bored")}, ["'bored'", "happy"]),
        ({"base_labels": ()}, ["base_labels"]),
        ({"base_labels": ("happy", "happy")}, ["base_labels", "twice"]),
        ({"novel_labels": ("happy",)}, ["'happy'", "base", "novel"]),
        ({"train_per_class": -1}, ["train_per_class", "-1", "0"]),
        ({"val_subjects": 0}, ["val_subjects", "0", "1"]),
        ({"unlabelled_novel_share": 1.5}, ["unlabelled_novel_share", "1.5", "0", "1"]),
        ({"unlabelled_novel_share": 0.5, "novel_labels": ()}, ["unlabelled_novel_share", "novel_labels"]),
        ({"fps": 0}, ["fps", "0", "120"]),
        (NO_CLIPS, ["train_per_class"]),
    ],
)
def test_a_wrong_setting_is_named(wrong, facts):
    with refused(SettingError, *facts):
        ActorSettings(**wrong)
