"""Crops that are still JPEGs, to be decoded on the network's device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vidfer.crops import REGIONS
from vidfer.errors import CacheError


@dataclass(frozen=True)
class EncodedCrops:
    """The crops of one clip or of a batch of clips as JPEGs: a twelfth of the bytes of the pixels.

    It takes the place of the tensor of crops in a batch. Accelerate, or
    :func:`vidfer.infer.iterate.iterate_batches`, moves a batch to the device by calling ``.to``; this decodes
    the crops there and gives the tensor.
    """

    jpegs: Tensor
    """(bytes,) uint8: the JPEGs of M frames, one after the other."""
    lengths: Tensor
    """(M, R) int64: bytes of each JPEG; 0 for a black crop."""
    shown: Tensor
    """(T,) or (B, T) int64: which of the M frames is shown; -1 for a black frame."""
    size_px: int

    @classmethod
    def of_clip(cls, jpegs: Sequence[memoryview], shown: Sequence[int], size_px: int) -> EncodedCrops:
        """From the JPEGs of M frames, R per frame, as :meth:`vidfer.store.reader.CropCache.jpegs` gives."""
        data = np.frombuffer(bytearray().join(jpegs), np.uint8)
        lengths = torch.tensor([len(jpeg) for jpeg in jpegs], dtype=torch.int64).view(-1, len(REGIONS))
        return cls(torch.from_numpy(data), lengths, torch.as_tensor(shown, dtype=torch.int64), size_px)

    @classmethod
    def of_batch(cls, clips: Sequence[EncodedCrops]) -> EncodedCrops:
        """Join the clips of a batch."""
        shown, first = [], 0
        for clip in clips:
            shown.append(torch.where(clip.shown < 0, clip.shown, clip.shown + first))
            first += len(clip.lengths)
        return cls(
            torch.cat([clip.jpegs for clip in clips]),
            torch.cat([clip.lengths for clip in clips]),
            torch.stack(shown),
            clips[0].size_px,
        )

    def to(self, device: torch.device | str, non_blocking: bool = False) -> Tensor:
        """Decode on a device: nvJPEG on CUDA, libjpeg-turbo for any other.

        Args:
            device: where the crops go.
            non_blocking: copy to the device in the background, where the device does not decode itself.

        Returns:
            ((B,) T, R, 3, S, S) uint8 RGB.

        Raises:
            CacheError: a JPEG is damaged, has another size, or torchvision cannot decode on this device.
        """
        device = torch.device(device)
        decoder = device if device.type == "cuda" else torch.device("cpu")
        lengths = self.lengths.flatten()
        frames = torch.zeros(
            (len(self.lengths) + 1, len(REGIONS), 3, self.size_px, self.size_px),
            dtype=torch.uint8,
            device=decoder,
        )  # the last one stays black; -1 points to it
        present = lengths.nonzero()[:, 0]
        if len(present):
            jpegs = [jpeg for jpeg in self.jpegs.split(lengths.tolist()) if len(jpeg)]
            frames.flatten(0, 1)[present.to(decoder)] = self._decode(jpegs, decoder)
        return frames[self.shown.to(decoder)].to(device, non_blocking=non_blocking)

    def _decode(self, jpegs: list[Tensor], device: torch.device) -> Tensor:
        from torchvision.io import ImageReadMode, decode_jpeg  # takes a second to import

        try:
            crops = decode_jpeg(jpegs, ImageReadMode.RGB, device)
        except (RuntimeError, ValueError) as error:
            raise CacheError(
                f"the JPEG crops cannot be decoded on {device} ({error}); check the cache with "
                f"`vidfer verify`, or decode without torchvision: --data.decode worker"
            ) from error
        wanted = (3, self.size_px, self.size_px)
        for crop in crops:
            if crop.shape != wanted:
                raise CacheError(
                    f"a stored crop has the shape {tuple(crop.shape)} instead of {wanted}; "
                    f"`vidfer verify` lists the damaged clips"
                )
        return torch.stack(crops)
