import pytest

from vidfer.nearest import MOST, did_you_mean, nearest

OPTIONS = ["--thresholds", "--tables-only", "--optim.lr", "--train.epochs", "--episodes.epochs", "--out"]


@pytest.mark.parametrize(
    ("typed", "known", "found"),
    [
        ("mian", ["longest", "main", "largest"], ["main"]),
        ("--thresold", OPTIONS, ["--thresholds"]),
        ("--lr", OPTIONS, ["--optim.lr"]),
        ("--epochs", OPTIONS, ["--train.epochs", "--episodes.epochs"]),
        ("--epoch", OPTIONS, ["--train.epochs"]),
        ("dinov2", ["dinov2_s", "dinov2_b", "resnet18"], ["dinov2_s", "dinov2_b"]),
        ("DFEW", ["afew", "dfew"], ["dfew"]),
        ("banana", OPTIONS, []),
        ("--", OPTIONS, []),
        ("", ["", "a"], []),
    ],
)
def test_the_nearest_names(typed, known, found):
    assert nearest(typed, known) == found


def test_at_most_three_are_offered():
    assert len(nearest("net", [f"net{number}" for number in range(9)])) == MOST == 3


def test_the_sentence():
    assert did_you_mean("mian", ["main"]) == "; did you mean main?"
    assert did_you_mean("dinov2", ["dinov2_s", "dinov2_b"]) == "; did you mean dinov2_s or dinov2_b?"
    assert did_you_mean("banana", ["main"]) == ""
