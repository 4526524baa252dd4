import pytest

from vidfer.actors.settings import ActorSettings
from vidfer.errors import VidferError


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"setting": "theatre"}, "theatre.*studio, wild"),
        ({"size": (321, 240)}, "321x240"),
        ({"min_duration_s": 0.2}, "0.2 to 2"),
        ({"min_duration_s": 3.0}, "in this order"),
        ({"max_duration_s": 9.0}, "9"),
        ({"base_labels": ("happy", "bored")}, "bored.*happy"),
        ({"base_labels": ()}, "empty"),
        ({"base_labels": ("happy", "happy")}, "repeat"),
        ({"novel_labels": ("happy",)}, "'happy' is both"),
        ({"train_per_class": -1}, "train_per_class is -1"),
        ({"val_subjects": 0}, "val_subjects is 0"),
        ({"unlabelled_novel_share": 1.5}, "1.5"),
        ({"unlabelled_novel_share": 0.5, "novel_labels": ()}, "novel_labels is empty"),
        ({"fps": 0}, "0 frames per second"),
        (
            {
                "train_per_class": 0,
                "val_per_class": 0,
                "test_per_class": 0,
                "novel_per_class": 0,
                "unlabelled": 0,
            },
            "no clip at all",
        ),
    ],
)
def test_a_wrong_setting_is_named(wrong, message):
    with pytest.raises(VidferError, match=message):
        ActorSettings(**wrong)


def test_settings_import_neither_cv2_nor_torch():
    import subprocess
    import sys

    code = (
        "import vidfer.actors.settings, sys; print([m for m in ('cv2', 'torch', 'av') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
