"""The study of the network that comes with vidfer, on a few pictures of stripes."""

import cv2
import numpy as np
import pytest
from striped_cache import CLASSES, draw_crops
from studies import basic7

from vidfer.evaluate.result import load_result
from vidfer.models.checkpoint import checkpoint_hash, load_checkpoint
from vidfer.runs.read_run import read_record
from vidfer.tables import write_table


def draw(folder, count: int, rng) -> list:
    """So many pictures of stripes of each class; returns their paths and labels."""
    made = []
    for number, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True)
        for i in range(count):
            cv2.imwrite(str(folder / name / f"{i}.png"), draw_crops(number, 1, 48, rng)[0, 0])
            made.append((f"{name}/{i}.png", name))
    return made


@pytest.mark.slow
def test_from_pictures_to_a_network_with_a_card(tmp_path):
    rng = np.random.default_rng(0)
    draw(tmp_path / "faces" / "train", 40, rng)
    draw(tmp_path / "images", 2, rng)
    write_table(tmp_path / "clips" / "manifest.csv", ["path", "label"], draw(tmp_path / "clips", 3, rng))
    network = "--encoder resnet18 --encoder.width 4 --encoder.input-px 32"
    tiny = "--train.epochs 3 --tracker none --data.frames 1 --train.batch-size 16 --optim.lr 1e-2"
    settings = basic7.Settings(
        fer2013=tmp_path / "faces",
        clips=tmp_path / "clips",
        out=tmp_path / "out",
        zoo=tmp_path / "zoo",
        images=tmp_path / "images",
        training=f"{network} {tiny}",
    )
    basic7.main(settings)
    network = tmp_path / "zoo" / "basic7"
    assert load_checkpoint(network)[0].classes == CLASSES
    held_out = [len(one["val"]) for one in read_record(tmp_path / "out" / "network", "data")["domains"]]
    assert held_out[0] == held_out[1] and 3 <= held_out[0] <= 30
    card = (network / "README.md").read_text(encoding="utf-8")
    sizes = {"whole": held_out[0], "aligned": held_out[1], "clips": 9, "images": 6}
    for cache, n in sizes.items():
        split = "val" if cache in ("whole", "aligned") else "all"
        result = load_result(tmp_path / "out" / "results" / cache / "classification.json")
        assert (result.n_clips, result.split, result.checkpoint_hash) == (n, split, checkpoint_hash(network))
        assert f": WAR | 33.3 | {result.measures['WAR']} |" in card
