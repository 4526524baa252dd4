"""Crops that are still JPEGs, to be decoded where the network is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vidfer.crops import REGIONS
from vidfer.errors import VidferError


@dataclass(frozen=True)
class EncodedCrops:
    """The crops of a clip or of a batch of clips as JPEGs, a twelfth of the bytes of the pixels.

    It stands in a batch where the tensor of crops would. Whatever moves batches to a device, such as
    Accelerate or :func:`vidfer.infer.iterate.walk`, calls ``.to`` and gets that tensor, decoded there.
    """

    jpegs: Tensor
    """(bytes,) uint8: the JPEGs of M frames, one after another."""
    lengths: Tensor
    """(M, R) int64: bytes of each; 0 is a black crop."""
    shown: Tensor
    """(T,) or (B, T) int64: which of the M frames is seen; -1 is a black one."""
    size_px: int

    @classmethod
    def of_clip(cls, jpegs: Sequence[memoryview], shown: Sequence[int], size_px: int) -> EncodedCrops:
        """From the JPEGs of M frames, R of each, as :meth:`vidfer.store.reader.CropCache.jpegs` has them."""
        data = np.frombuffer(bytearray().join(jpegs), np.uint8)
        lengths = torch.tensor([len(jpeg) for jpeg in jpegs], dtype=torch.int64).view(-1, len(REGIONS))
        return cls(torch.from_numpy(data), lengths, torch.as_tensor(shown, dtype=torch.int64), size_px)

    @classmethod
    def of_batch(cls, clips: Sequence[EncodedCrops]) -> EncodedCrops:
        """From the clips of a batch."""
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
            device: where the crops shall be.
            non_blocking: may the copy to a device that does not decode go on in the background.

        Returns:
            ((B,) T, R, 3, S, S) uint8 RGB.

        Raises:
            VidferError: when a JPEG is damaged, or torchvision cannot decode there.
        """
        device = torch.device(device)
        decoder = device if device.type == "cuda" else torch.device("cpu")
        lengths = self.lengths.flatten()
        frames = torch.zeros(
            (len(self.lengths) + 1, len(REGIONS), 3, self.size_px, self.size_px),
            dtype=torch.uint8,
            device=decoder,
        )  # the last one stays black, and -1 points to it
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
            raise VidferError(
                f"JPEG crops cannot be decoded on {device} ({error}); `vidfer verify` says whether the cache "
                f"is sound, and decode='worker' decodes without torchvision"
            ) from error
        wanted = (3, self.size_px, self.size_px)
        for crop in crops:
            if crop.shape != wanted:
                raise VidferError(
                    f"a stored crop is {tuple(crop.shape)} instead of {wanted}; `vidfer verify` says which "
                    f"clips are damaged"
                )
        return torch.stack(crops)
