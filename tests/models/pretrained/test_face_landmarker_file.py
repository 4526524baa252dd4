"""Reading face_landmarker.task; that the networks equal the released ones is in test_face_landmarker.py."""

import hashlib
import zipfile

import pytest
import torch
from landmarker_files import as_tflite, random_weights, write_task
from refused import refused
from torch import nn

from vidfer.errors import CheckpointError
from vidfer.models.encoders.face_blendshapes import FaceBlendshapes
from vidfer.models.encoders.face_landmarker_network import FaceLandmarks
from vidfer.models.pretrained.face_landmarker_file import (
    BLENDSHAPES,
    LANDMARKS,
    REMEDY,
    SHA256,
    load_face_landmarker,
)


def test_every_tensor_is_read(tmp_path):
    landmarks, blendshapes = random_weights(FaceLandmarks()), random_weights(FaceBlendshapes())
    task = write_task(tmp_path / "made.task", landmarks, blendshapes)
    others = FaceLandmarks(), FaceBlendshapes()
    load_face_landmarker(task, *others)
    for network, other in zip((landmarks, blendshapes), others):
        for name, tensor in network.state_dict().items():
            assert torch.equal(other.state_dict()[name], tensor), name


def test_files_that_are_missing_or_damaged(tmp_path):
    networks = FaceLandmarks(), FaceBlendshapes()
    with refused(CheckpointError, tmp_path / "none.task", REMEDY):
        load_face_landmarker(tmp_path / "none.task", *networks)
    (tmp_path / "text.task").write_text("no zip file")
    with refused(CheckpointError, tmp_path / "text.task", REMEDY):
        load_face_landmarker(tmp_path / "text.task", *networks)
    whole = write_task(tmp_path / "whole.task", *networks).read_bytes()
    (tmp_path / "cut.task").write_bytes(whole[: len(whole) // 2])
    with refused(CheckpointError, tmp_path / "cut.task", REMEDY):
        load_face_landmarker(tmp_path / "cut.task", *networks)
    damaged = bytearray(whole)
    damaged[1_000_000] ^= 255
    (tmp_path / "damaged.task").write_bytes(damaged)
    with refused(CheckpointError, tmp_path / "damaged.task", REMEDY):
        load_face_landmarker(tmp_path / "damaged.task", *networks)


@pytest.mark.parametrize(
    ("landmarks", "fact"),
    [
        (b"", "no TensorFlow Lite file"),
        (as_tflite(nn.Linear(2, 2)), "2 tensors"),
        (as_tflite(FaceBlendshapes()), LANDMARKS),
    ],
)
def test_other_networks(tmp_path, landmarks, fact):
    with zipfile.ZipFile(tmp_path / "other.task", "w") as content:
        content.writestr(LANDMARKS, landmarks)
        content.writestr(BLENDSHAPES, as_tflite(FaceBlendshapes()))
    with refused(CheckpointError, tmp_path / "other.task", fact, REMEDY):
        load_face_landmarker(tmp_path / "other.task", FaceLandmarks(), FaceBlendshapes())


def test_a_network_of_other_widths(tmp_path):
    wider = FaceLandmarks()
    wider.stages[1][0].reduce = nn.Conv2d(16, 17, 2, 2)
    task = write_task(tmp_path / "wider.task", wider, FaceBlendshapes())
    with refused(CheckpointError, LANDMARKS, "stages.1.0.reduce.weight", "(17, 16, 2, 2)", REMEDY):
        load_face_landmarker(task, FaceLandmarks(), FaceBlendshapes())


def test_the_hash_is_that_of_the_released_file(shared):
    task = shared / "weights/mediapipe/face_landmarker.task"
    assert hashlib.sha256(task.read_bytes()).hexdigest() == SHA256
