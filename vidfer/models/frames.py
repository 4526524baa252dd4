"""The border between clips and the frames that a network sees: checking, scaling, packing and unpacking."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from vidfer.crops import REGIONS


def unit_float(crops: Tensor) -> Tensor:
    """Crops with values in [0, 1]: uint8 is divided by 255, float is taken as it is.

    Raises:
        ValueError: if the type is another.
    """
    if crops.dtype == torch.uint8:
        return crops.float() / 255
    if not crops.is_floating_point():
        raise ValueError(f"crops must be uint8, or float in [0, 1], got {crops.dtype}")
    return crops


def select_regions(crops: Tensor, regions: Sequence[str]) -> Tensor:
    """Crops (..., 3, 3, H, W) of face, eyes and mouth to (..., R, 3, H, W) of some of them.

    Crops of these regions alone, as :class:`vidfer.learn.noised_input.NoisedInput` gives, stay as they are.

    Raises:
        ValueError: if the regions or the channels are others.
    """
    if crops.shape[-3] != 3 or crops.shape[-4] not in (len(REGIONS), len(regions)):
        raise ValueError(f"crops must be (..., {len(REGIONS)}, 3, H, W), got {tuple(crops.shape)}")
    if crops.shape[-4] == len(regions):
        return crops
    return crops[..., [REGIONS.index(region) for region in regions], :, :, :]


def resize_images(images: Tensor, size_px: int | None) -> Tensor:
    """Images (N, C, H, W) brought to ``size_px`` squared, bilinear with antialiasing; None leaves them."""
    if size_px is None or images.shape[-2:] == (size_px, size_px):
        return images
    return F.interpolate(images, (size_px, size_px), mode="bilinear", antialias=True, align_corners=False)


class FramePacker:
    """Takes the frames with a face out of a batch of clips, and puts what was computed of them back.

    The network never sees a masked frame, so masked frames cost nothing and cannot influence anything, not
    even the statistics of batch normalisation.

    While a network is written as ONNX, it sees every frame, because the number of those with a face would
    become a constant of the file. The values of masked ones are dropped then, so the result is the same.
    """

    def __init__(self, frame_mask: Tensor) -> None:
        """``frame_mask``: (B, T) bool, True where there is a face."""
        self.frame_mask = frame_mask
        self.sees_all = torch.onnx.is_in_onnx_export()
        self.kept = None if self.sees_all else frame_mask.flatten().nonzero()[:, 0]

    def pack(self, crops: Tensor) -> Tensor:
        """(B, T, R, 3, H, W) to (M, R, 3, H, W), the M frames with a face, in order.

        A batch without any face gives two black frames, enough for batch normalisation; ``unpack`` drops
        them.
        """
        if crops.ndim != 6 or crops.shape[:2] != self.frame_mask.shape:
            raise ValueError(
                f"crops {tuple(crops.shape)} do not fit frame_mask {tuple(self.frame_mask.shape)}"
            )
        frames = crops.flatten(0, 1)
        if self.sees_all or len(self.kept) == len(frames):
            return frames
        return frames[self.kept] if len(self.kept) else frames.new_zeros(2, *frames.shape[1:])

    def of_frames(self, of_clips: Tensor | None) -> Tensor | None:
        """What each clip has, (B, ...), for each of its frames that :meth:`pack` gives, (M, ...)."""
        if of_clips is None:
            return None
        if self.sees_all:
            one_more = of_clips[:, None].expand(-1, self.frame_mask.shape[1], *of_clips.shape[1:])
            return one_more.flatten(0, 1)
        clips = self.kept // self.frame_mask.shape[1]
        return of_clips[clips] if len(clips) else of_clips.new_ones(2, *of_clips.shape[1:])

    def unpack(self, values: Tensor, fill: float = 0.0) -> Tensor:
        """(M, ...) to (B, T, ...), with ``fill`` where there is no face."""
        if self.sees_all:
            found = values.reshape(*self.frame_mask.shape, *values.shape[1:])
            mask = self.frame_mask.reshape(*self.frame_mask.shape, *[1] * (found.ndim - 2))
            return torch.where(mask, found, torch.full_like(found, fill))
        if len(self.kept) < self.frame_mask.numel():
            all_frames = values.new_full((self.frame_mask.numel(), *values.shape[1:]), fill)
            # The stand-ins of a batch without any face are dropped by slicing: gradients stay defined.
            values = values if len(self.kept) else values[:0]
            values = all_frames.index_copy(0, self.kept, values)
        return values.unflatten(0, self.frame_mask.shape)
