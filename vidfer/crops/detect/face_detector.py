"""Finds faces: MTCNN's three networks, run in batches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from vidfer.crops.detect.boxes import inside, is_solid, regress, square, suppress_contained
from vidfer.crops.detect.device_frames import DeviceFrames
from vidfer.crops.detect.faces import Faces, largest_first, place_margins
from vidfer.crops.detect.nets import CascadeNet, ONet, PNet, RNet
from vidfer.crops.detect.summed_frames import SummedFrames, cut_one_each
from vidfer.crops.detect.suppress import suppress
from vidfer.crops.settings import CropSettings

FACTOR = 0.709
"""Size of a level of the pyramid in sizes of the level before; MTCNN's sqrt(1/2)."""
CELL_PX = 12
"""Side of the square that one output of P-Net sees."""
STRIDE_PX = 2
"""P-Net has one output for every second pixel."""
TABLE_PIXELS = 4 * 2**20
"""Frames with together so many pixels are searched at once; a pixel takes twelve bytes of tables."""
CUTS_AT_ONCE = 1024
"""Candidates that go through R-Net or O-Net together, to fill a GPU."""
CUTS_AT_ONCE_CPU = 64
"""The same on a CPU; few enough to stay in its caches."""


@contextmanager
def _exactly() -> Iterator[None]:
    """Run without gradients, and without the shorter floats of convolutions on an accelerator, which move
    boxes by a tenth of a pixel."""
    with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        yield


class FaceDetector:
    """MTCNN (Zhang et al. 2016, arXiv 1604.02878) with facenet-pytorch's weights; it finds the faces that
    their ``MTCNN.detect`` finds.

    A cascade of three networks: P-Net proposes squares at all sizes, R-Net rejects most of them, O-Net gives
    boxes, landmarks and scores. All candidates of all frames of a batch go through a network at once. On an
    accelerator only the faces that were found come back to the host.

    Args:
        device: where the networks run.
        settings: smallest face and thresholds.
    """

    def __init__(self, device: torch.device | str, settings: CropSettings) -> None:
        self.device = torch.device(device)
        self.settings = settings
        self._pnet, self._rnet, self._onet = (
            net(name, self.device) for net, name in ((PNet, "pnet"), (RNet, "rnet"), (ONet, "onet"))
        )
        self._tables: np.ndarray | None = None

    def detect(self, images: np.ndarray) -> list[Faces]:
        """All faces of each of the frames, uint8 (n,H,W,3) RGB."""
        return [faces for part in _in_parts(images) for faces in self._detect(part)]

    @_exactly()
    def follow(
        self, images: np.ndarray, frames: np.ndarray, squares: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Find faces at places where they are expected, with O-Net only.

        Args:
            images: uint8 (n,H,W,3) RGB.
            frames: (k,) int: the frame of each square.
            squares: (k,4) float, xyxy in pixels: the expected places.

        Returns:
            boxes (k,4), landmarks (k,5,2), scores (k,), float32. A square without a face has a low score, a
            square outside the frame has score 0.
        """
        height, width = images.shape[1:3]
        squares = torch.as_tensor(squares, dtype=torch.float32)
        rectangles = inside(squares, width, height)
        meets = is_solid(rectangles)
        whole = torch.tensor([0, 0, width, height], dtype=torch.float32)
        squares = torch.where(meets[:, None], squares, whole)
        rectangles = torch.where(meets[:, None], rectangles, whole).numpy().astype(np.int64)
        cuts = cut_one_each(images, frames, rectangles, 48)
        boxes, landmarks, scores = self._describe(squares.to(self.device), cuts.to(self.device))
        return boxes.cpu().numpy(), landmarks.cpu().numpy(), (scores.cpu() * meets).numpy()

    def min_face_px(self, height: int, width: int) -> float:
        """Side of the smallest face to search for in frames of that size, see
        ``CropSettings.min_face_px``."""
        short_px = min(height, width)
        return min(self.settings.min_face_px * max(1.0, short_px / 720), short_px / 4)

    @_exactly()
    def _detect(self, images: np.ndarray) -> list[Faces]:
        frames = self._summed(images)
        boxes, owner = self._propose(frames)
        boxes, owner, cuts = _cut(frames, boxes, owner, 24)
        boxes, owner = self._refine(boxes, owner, cuts)
        boxes, owner, cuts = _cut(frames, boxes, owner, 48)
        squares = boxes
        boxes, landmarks, scores = self._describe(squares, cuts)
        good = scores > self.settings.thresholds[2]
        found = (x[good].cpu().numpy() for x in (boxes, landmarks, scores, squares, owner))
        boxes, landmarks, scores, squares, owner = found
        faces = Faces(boxes, landmarks, scores, place_margins(squares, boxes))
        kept = suppress_contained(boxes, scores, owner, 0.7)
        return [largest_first(faces, kept[owner[kept] == i]) for i in range(len(images))]

    def _summed(self, images: np.ndarray) -> SummedFrames | DeviceFrames:
        if self.device.type != "cpu":
            return DeviceFrames(images, self.device)
        frames = SummedFrames(images, self._tables)
        self._tables = frames.tables
        return frames

    def _propose(self, frames: SummedFrames | DeviceFrames) -> tuple[Tensor, Tensor]:
        """P-Net at all levels of a pyramid of sizes: candidate squares (k,4) and the frame of each (k,)."""
        boxes, scores, offsets, owner, group = [], [], [], [], []
        scale = CELL_PX / self.min_face_px(frames.height, frames.width)
        while min(frames.height, frames.width) * scale >= CELL_PX:
            images = frames.resized(int(frames.height * scale + 1), int(frames.width * scale + 1))
            regression, probability = self._pnet(_channels_last(images))
            frame, row, column = torch.nonzero(probability >= self.settings.thresholds[0], as_tuple=True)
            corner = torch.stack([column, row], dim=1) * STRIDE_PX
            first, last = ((corner + 1) / scale).floor(), ((corner + CELL_PX) / scale).floor()
            boxes.append(torch.cat([first, last], dim=1))
            scores.append(probability[frame, row, column])
            offsets.append(regression[frame, :, row, column])
            owner.append(frame)
            group.append(frame + len(group) * len(images))
            scale *= FACTOR
        boxes, scores, offsets, owner, group = (torch.cat(x) for x in (boxes, scores, offsets, owner, group))
        kept = suppress(boxes, scores, group, 0.5)
        kept = kept[suppress(boxes[kept], scores[kept], owner[kept], 0.7)]
        return square(regress(boxes[kept], offsets[kept], pixel=0)), owner[kept]

    def _refine(self, boxes: Tensor, owner: Tensor, cuts: Tensor) -> tuple[Tensor, Tensor]:
        """R-Net: fewer and better squares."""
        offsets, scores = self._run(self._rnet, cuts)
        good = scores > self.settings.thresholds[1]
        boxes, owner, scores, offsets = boxes[good], owner[good], scores[good], offsets[good]
        kept = suppress(boxes, scores, owner, 0.7)
        return square(regress(boxes[kept], offsets[kept], pixel=1)), owner[kept]

    def _describe(self, boxes: Tensor, cuts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """O-Net: boxes (k,4), landmarks (k,5,2) and scores (k,) of squares (k,4)."""
        offsets, points, scores = self._run(self._onet, cuts)
        size = (boxes[:, 2:] - boxes[:, :2] + 1)[:, None]
        landmarks = boxes[:, None, :2] + points.view(-1, 2, 5).transpose(1, 2) * size - 1
        return regress(boxes, offsets, pixel=1), landmarks, scores

    def _run(self, net: CascadeNet, cuts: Tensor) -> tuple[Tensor, ...]:
        """The outputs of ``net`` for cuts (k,s,s,3), computed some at a time."""
        # The networks cannot flatten an empty batch: without cuts, run a blank one and drop its output.
        inputs = cuts if len(cuts) else cuts.new_zeros((1, *cuts.shape[1:]))
        step = CUTS_AT_ONCE_CPU if self.device.type == "cpu" else CUTS_AT_ONCE
        parts = [net(_channels_last(part)) for part in inputs.split(step)]
        return tuple(torch.cat(values)[: len(cuts)] for values in zip(*parts))


def _channels_last(images: Tensor) -> Tensor:
    """float32 (n,h,w,3) to (n,3,h,w) in channels-last order, which P-Net runs a third faster on a CPU."""
    return images.permute(0, 3, 1, 2)


def _cut(
    frames: SummedFrames | DeviceFrames, boxes: Tensor, owner: Tensor, size_px: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Boxes (k,4) with a pixel in their frame, the frame of each, and their cuts (k,size_px,size_px,3)."""
    rectangles = inside(boxes, frames.width, frames.height)
    solid = is_solid(rectangles)
    boxes, owner, rectangles = boxes[solid], owner[solid], rectangles[solid]
    return boxes, owner, frames.cut(rectangles, owner, size_px)


def _in_parts(images: np.ndarray) -> Iterator[np.ndarray]:
    """The frames in groups whose tables have a bounded size."""
    step = max(1, TABLE_PIXELS // (images.shape[1] * images.shape[2]))
    for i in range(0, len(images), step):
        yield images[i : i + step]
