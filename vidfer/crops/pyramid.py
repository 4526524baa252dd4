"""Frames at several sizes: what P-Net scans and what R- and O-Net look at."""

from __future__ import annotations

import math

import cv2
import numpy as np
import torch
from torch import Tensor
from torchvision.ops import roi_align

FACTOR = 0.709
"""Ratio of one pyramid level to the one before; MTCNN's sqrt(1/2)."""
CELL_PX = 12
"""Side of what P-Net sees at once."""


class Pyramid:
    """Equally large frames and, made when asked for, their copies at half, quarter ... size.

    Everything is resampled from the octave just above it, so no step reads a full frame twice. Frames are
    shrunk on the host by OpenCV in uint8, which costs less than uploading them as floats."""

    def __init__(self, images: np.ndarray, device: torch.device) -> None:
        """``images`` is uint8 (n,H,W,3) RGB."""
        self.device = device
        self.height, self.width = images.shape[1:3]
        self._octaves = [images]
        self._tensors: dict[int, Tensor] = {}

    def scan_levels(self, min_face_px: float):
        """Yield (scale, images float (n,3,h,w) in -1..1) so that P-Net's cell meets every face of at least
        ``min_face_px``; the scales are those of MTCNN."""
        scale = CELL_PX / min_face_px
        while min(self.height, self.width) * scale >= CELL_PX:
            size = (int(self.width * scale + 1), int(self.height * scale + 1))
            source = self._octave(math.floor(math.log2(1 / scale))) if scale < 1 else self._octaves[0]
            way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            yield (
                scale,
                self._to_tensor(np.stack([cv2.resize(image, size, interpolation=way) for image in source])),
            )
            scale *= FACTOR

    def cut(self, boxes: Tensor, images: Tensor, size_px: int) -> Tensor:
        """Cut boxes (k,4), of images (k,), out of the frames and resize them to (k,3,size_px,size_px) in
        -1..1.

        Each box is read from the octave where it is one to two times ``size_px`` large, by four samples a
        pixel, which is close to the mean over the area and costs the same for a face of any size."""
        cuts = boxes.new_empty(len(boxes), 3, size_px, size_px)
        side = (boxes[:, 2:] - boxes[:, :2]).amax(dim=1)
        octave = (side / size_px).log2().floor().clamp(min=0, max=self._last_octave).long()
        for level in octave.unique().tolist():
            frames = self._tensor(level)
            here = octave == level
            ratio = [frames.shape[3] / self.width, frames.shape[2] / self.height]
            rois = torch.cat([images[here, None].to(boxes), boxes[here] * boxes.new_tensor(ratio * 2)], dim=1)
            cuts[here] = roi_align(frames, rois, size_px, sampling_ratio=2, aligned=True)
        return cuts

    @property
    def _last_octave(self) -> int:
        return max(0, math.floor(math.log2(min(self.height, self.width) / CELL_PX)))

    def _octave(self, level: int) -> np.ndarray:
        while len(self._octaves) <= level:
            above = self._octaves[-1]
            size = (max(1, above.shape[2] // 2), max(1, above.shape[1] // 2))
            self._octaves.append(
                np.stack([cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in above])
            )
        return self._octaves[level]

    def _tensor(self, level: int) -> Tensor:
        if level not in self._tensors:
            self._tensors[level] = self._to_tensor(self._octave(level))
        return self._tensors[level]

    def _to_tensor(self, images: np.ndarray) -> Tensor:
        """uint8 (n,h,w,3) to float (n,3,h,w), normalised as MTCNN was trained: (x - 127.5) / 128."""
        frames = torch.from_numpy(np.ascontiguousarray(images)).to(self.device)
        return (
            frames.permute(0, 3, 1, 2)
            .to(torch.float32, memory_format=torch.contiguous_format)
            .sub_(127.5)
            .div_(128)
        )
