"""Asks a classifier about pictures that were cut to the face before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from vidfer.crops.regions import crop_regions, whole_face_landmarks
from vidfer.crops.settings import CropSettings
from vidfer.infer.classifier import Classifier


def answer_faces(
    classifier: Classifier, pictures: Sequence[np.ndarray], settings: CropSettings, *, batch: int
) -> np.ndarray:
    """The probability of each expression in N pictures, float32 (N, C).

    Memory for crops does not grow with their number.

    Args:
        classifier: who is asked.
        pictures: at least one, uint8 (H, W, 3) RGB.
        settings: how crops are cut.
        batch: the most pictures that the network sees at once.
    """
    settings = replace(settings, size_px=classifier.crop_px, face="picture")
    answers = []
    for first in range(0, len(pictures), batch):
        crops = [_crops(picture, settings, classifier.regions) for picture in pictures[first : first + batch]]
        answers.append(classifier.probabilities(np.stack(crops), np.ones((len(crops), 1), bool)))
    return np.concatenate(answers)


def _crops(picture: np.ndarray, settings: CropSettings, regions: Sequence[str]) -> np.ndarray:
    """A window of one frame: uint8 (1, 3, 3, S, S)."""
    landmarks = whole_face_landmarks(picture.shape[1], picture.shape[0], settings)
    return crop_regions(picture, landmarks, settings, regions).transpose(0, 3, 1, 2)[None]
