"""Find faces: MTCNN's three networks, driven in batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from facenet_pytorch.models.mtcnn import ONet, PNet, RNet
from torch import Tensor
from torchvision.ops import batched_nms

from vidfer.crops.boxes import inside, regress, square, suppress_contained
from vidfer.crops.pyramid import CELL_PX, Pyramid
from vidfer.crops.settings import CropSettings

STRIDE_PX = 2
"""P-Net has one output for every second pixel."""
FRAMES_AT_ONCE = 16
"""Frames that go through the cascade together; bounds the memory."""
CUTS_AT_ONCE = 1024
"""Candidates that go through R- or O-Net together."""


@dataclass(frozen=True)
class Faces:
    """The k faces of one frame, largest first."""

    boxes: np.ndarray
    """(k,4) float32, x1 y1 x2 y2 in pixels."""
    landmarks: np.ndarray
    """(k,5,2) float32, x y in pixels: eye, eye, nose tip, mouth corner, mouth corner; of a pair, the one on
    the left of an upright image first."""
    scores: np.ndarray
    """(k,) float32 in 0..1, O-Net's score."""

    def __len__(self) -> int:
        return len(self.scores)


class FaceDetector:
    """MTCNN (Zhang et al. 2016) with facenet-pytorch's weights: same faces as its ``MTCNN.detect``.

    All candidates of all frames of a batch pass each network at once and stay on the device until the end.
    """

    def __init__(self, device: torch.device | str, settings: CropSettings) -> None:
        self.device = torch.device(device)
        self.settings = settings
        self._pnet, self._rnet, self._onet = (net().eval().to(self.device) for net in (PNet, RNet, ONet))

    def detect(self, images: np.ndarray) -> list[Faces]:
        """All faces of each of the frames, uint8 (n,H,W,3) RGB."""
        return [faces for _, part in _numbered_parts(images) for faces in self._detect(part)]

    @torch.inference_mode()
    def follow(self, images: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Look for one face in each frame near a box where it should be, with R- and O-Net only.

        Args:
            images: uint8 (n,H,W,3) RGB.
            boxes: (n,4) float, xyxy in pixels; one box in each frame.

        Returns:
            boxes (n,4), landmarks (n,5,2), scores (n,), float32; a box without a face has a low score.
        """
        found = [self._follow(part, boxes[i : i + len(part)]) for i, part in _numbered_parts(images)]
        empty = [np.empty((0, 4), np.float32), np.empty((0, 5, 2), np.float32), np.empty(0, np.float32)]
        return tuple(np.concatenate(values) for values in zip(empty, *found))

    def min_face_px(self, height: int, width: int) -> float:
        """Side of the smallest face to look for in frames of that size, see ``CropSettings.min_face_px``."""
        short_px = min(height, width)
        return min(self.settings.min_face_px * max(1.0, short_px / 720), short_px / 4)

    @torch.inference_mode()
    def _detect(self, images: np.ndarray) -> list[Faces]:
        pyramid = Pyramid(images, self.device)
        boxes, owner = self._propose(pyramid)
        boxes, owner = self._refine(pyramid, boxes, owner)
        boxes, landmarks, scores = self._describe(pyramid, boxes, owner)
        good = scores > self.settings.thresholds[2]
        boxes, landmarks, scores, owner = (x[good].cpu().numpy() for x in (boxes, landmarks, scores, owner))
        kept = suppress_contained(boxes, scores, owner, 0.7)
        return [
            _faces_of(i, boxes[kept], landmarks[kept], scores[kept], owner[kept]) for i in range(len(images))
        ]

    def _propose(self, pyramid: Pyramid) -> tuple[Tensor, Tensor]:
        """P-Net over the pyramid: candidate squares (k,4) and the image of each (k,)."""
        boxes, scores, offsets, owner, group = [], [], [], [], []
        min_face_px = self.min_face_px(pyramid.height, pyramid.width)
        for level, (scale, images) in enumerate(pyramid.scan_levels(min_face_px)):
            regression, probability = self._pnet(images)
            image, row, column = torch.nonzero(
                probability[:, 1] >= self.settings.thresholds[0], as_tuple=True
            )
            corner = torch.stack([column, row], dim=1) * STRIDE_PX
            boxes.append(
                torch.cat([((corner + 1) / scale).floor(), ((corner + CELL_PX) / scale).floor()], dim=1)
            )
            scores.append(probability[image, 1, row, column])
            offsets.append(regression[image, :, row, column])
            owner.append(image)
            group.append(image + level * len(images))
        if not boxes:
            return torch.empty(0, 4, device=self.device), torch.empty(0, dtype=torch.long, device=self.device)
        boxes, scores, offsets, owner = (torch.cat(x) for x in (boxes, scores, offsets, owner))
        kept = batched_nms(boxes, scores, torch.cat(group), 0.5)
        kept = kept[batched_nms(boxes[kept], scores[kept], owner[kept], 0.7)]
        return square(regress(boxes[kept], offsets[kept], pixel=0)), owner[kept]

    def _refine(self, pyramid: Pyramid, boxes: Tensor, owner: Tensor) -> tuple[Tensor, Tensor]:
        """R-Net: fewer and better squares."""
        boxes, owner = _within_frame(pyramid, boxes, owner)
        offsets, scores = self._score(pyramid, boxes, owner)
        good = scores > self.settings.thresholds[1]
        boxes, owner, scores, offsets = boxes[good], owner[good], scores[good], offsets[good]
        kept = batched_nms(boxes, scores, owner, 0.7)
        return _within_frame(pyramid, square(regress(boxes[kept], offsets[kept], pixel=1)), owner[kept])

    def _score(self, pyramid: Pyramid, boxes: Tensor, owner: Tensor) -> tuple[Tensor, Tensor]:
        """R-Net's offsets (k,4) and scores (k,) of squares (k,4)."""
        cuts = pyramid.cut(inside(boxes, pyramid.width, pyramid.height), owner, 24)
        offsets, probability = _in_parts(self._rnet, cuts)
        return offsets, probability[:, 1]

    def _describe(self, pyramid: Pyramid, boxes: Tensor, owner: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """O-Net: boxes (k,4), landmarks (k,5,2) and scores (k,) of squares (k,4)."""
        cuts = pyramid.cut(inside(boxes, pyramid.width, pyramid.height), owner, 48)
        offsets, points, probability = _in_parts(self._onet, cuts)
        size = (boxes[:, 2:] - boxes[:, :2] + 1)[:, None]
        landmarks = boxes[:, None, :2] + points.view(-1, 2, 5).transpose(1, 2) * size - 1
        return regress(boxes, offsets, pixel=1), landmarks, probability[:, 1]

    def _follow(self, images: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        pyramid = Pyramid(images, self.device)
        squares = square(torch.as_tensor(boxes, dtype=torch.float32, device=self.device))
        owner = torch.arange(len(images), device=self.device)
        meets = _meets_frame(pyramid, squares)
        squares = torch.where(
            meets[:, None], squares, squares.new_tensor([0, 0, pyramid.width, pyramid.height])
        )
        boxes, landmarks, scores = self._describe(pyramid, squares, owner)
        return boxes.cpu().numpy(), landmarks.cpu().numpy(), (scores * meets).cpu().numpy()


def _meets_frame(pyramid: Pyramid, boxes: Tensor) -> Tensor:
    """Which of the boxes (k,4) have at least one whole pixel in the frame."""
    rectangles = inside(boxes, pyramid.width, pyramid.height)
    return (rectangles[:, 2:] > rectangles[:, :2]).all(dim=1)


def _within_frame(pyramid: Pyramid, boxes: Tensor, owner: Tensor) -> tuple[Tensor, Tensor]:
    meets = _meets_frame(pyramid, boxes)
    return boxes[meets], owner[meets]


def _in_parts(net: torch.nn.Module, cuts: Tensor) -> tuple[Tensor, ...]:
    """What ``net`` says of cuts (k,3,s,s), some at a time."""
    if not len(cuts):  # the networks cannot flatten nothing: ask about a blank and forget the answer
        return tuple(values[:0] for values in net(cuts.new_zeros(1, *cuts.shape[1:])))
    return tuple(torch.cat(values) for values in zip(*(net(part) for part in cuts.split(CUTS_AT_ONCE))))


def _faces_of(
    image: int, boxes: np.ndarray, landmarks: np.ndarray, scores: np.ndarray, owner: np.ndarray
) -> Faces:
    """The faces of one of the frames, largest first."""
    own = np.flatnonzero(owner == image)
    area = (boxes[own, 2:] - boxes[own, :2]).prod(axis=1)
    own = own[np.argsort(-area, kind="stable")]
    return Faces(boxes[own], landmarks[own], scores[own])


def _numbered_parts(images: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """The frames, so many at a time that memory stays bounded, with the number of the first."""
    for i in range(0, len(images), FRAMES_AT_ONCE):
        yield i, images[i : i + FRAMES_AT_ONCE]
