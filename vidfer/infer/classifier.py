"""What a prediction asks: a classifier of windows of face crops. NumPy goes in and comes out, so that it may
run without PyTorch."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch

from vidfer.infer.iterate import evaluating
from vidfer.models.recogniser import Recogniser
from vidfer.models.settings import EncoderSettings


class Classifier(Protocol):
    """Names the expression in short pieces of film. A network of known expressions is one; so are examples of
    own expressions, and an ONNX file."""

    classes: tuple[str, ...]
    """The expressions, in the order of their probabilities."""
    regions: tuple[str, ...]
    """The regions that it looks at; the crops of others may be black."""
    crop_px: int
    """Side of the crops that suit it, in pixels."""
    about: dict
    """For ``predict.json``: ``name``, ``kind``, ``hash``, and ``threshold``, below which no label is told."""

    def probabilities(self, crops: np.ndarray, frame_mask: np.ndarray) -> np.ndarray:
        """The probability of each expression in B windows of T frames: float32 (B, C).

        Args:
            crops: uint8 (B, T, 3, 3, S, S) RGB: face, eyes and mouth.
            frame_mask: bool (B, T), False where there is no face; each window has at least one.
        """


class NetworkClassifier:
    """A checkpoint's network with its classifier as a :class:`Classifier`."""

    def __init__(
        self, network: Recogniser, about: dict, device: str = "cpu", temperature: float = 1.0
    ) -> None:
        """
        Args:
            network: with a classifier; it is moved to the device.
            about: see :class:`Classifier`.
            device: cpu, cuda, cuda:1.
            temperature: its probabilities become softmax(log p / temperature).
        """
        self.network = network.to(device).eval()
        self.device, self.about, self.temperature = device, about, temperature
        self.classes = tuple(network.classes)
        self.regions = tuple(network.encoder.regions)
        self.crop_px = crop_size_of(network.settings.encoder)

    def probabilities(self, crops: np.ndarray, frame_mask: np.ndarray) -> np.ndarray:
        """See :meth:`Classifier.probabilities`."""
        with torch.inference_mode(), evaluating(self.network):
            logits = self.network(
                torch.from_numpy(crops).to(self.device), torch.from_numpy(frame_mask).to(self.device)
            )
            return (logits.float() / self.temperature).softmax(1).cpu().numpy()


DEFAULT_CROP_PX = 224
"""Where the network does not say what it scales crops to."""


def crop_size_of(encoder: EncoderSettings) -> int:
    """Side of the crops that an encoder scales all crops to, so that none are made larger in vain."""
    return encoder.input_px or DEFAULT_CROP_PX
