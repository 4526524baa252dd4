"""MediaPipe's blendshapes: how far a face smiles, frowns, opens its mouth, in 52 numbers, from its points."""

from __future__ import annotations

import torch
from torch import Tensor, nn

BLENDSHAPES = 52
"""Coefficients, in the order of ARKit's list with ``_neutral`` first."""

# fmt: off
POINTS_USED = (
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70,
    78, 80, 81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149,
    150, 152, 153, 154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195,
    197, 234, 246, 249, 251, 263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300,
    308, 310, 311, 312, 314, 317, 318, 321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375,
    377, 378, 379, 380, 381, 382, 384, 385, 386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454,
    466, 468, 469, 470, 471, 472, 473, 474, 475, 476, 477,
)
# fmt: on
"""The 146 of the 478 points that the network looks at, in its order."""

TOKENS, WIDTH = 96, 64
"""The points are mixed into 96 tokens of 64 numbers; one more token gathers the answer."""

TOKEN_WIDTH, CHANNEL_WIDTH = 384, 256
"""Inner layers of what mixes tokens and of what mixes the numbers of a token."""

MIXERS = 4
EPSILON = 1e-6


class MixerBlock(nn.Module):
    """One block of an MLP-Mixer (Tolstikhin et al. 2021, arXiv 2105.01601), with ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.token_norm = nn.LayerNorm(WIDTH, EPSILON, bias=False)
        self.token_mixing = nn.Sequential(
            nn.Linear(TOKENS + 1, TOKEN_WIDTH), nn.ReLU(), nn.Linear(TOKEN_WIDTH, TOKENS + 1)
        )
        self.channel_norm = nn.LayerNorm(WIDTH, EPSILON, bias=False)
        self.channel_mixing = nn.Sequential(
            nn.Linear(WIDTH, CHANNEL_WIDTH), nn.ReLU(), nn.Linear(CHANNEL_WIDTH, WIDTH)
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """(N, 97, 64) to the same."""
        tokens = tokens + self.token_mixing(self.token_norm(tokens).mT).mT
        return tokens + self.channel_mixing(self.channel_norm(tokens))


class AnswerToken(nn.Module):
    """Puts one learned token before the others; at the end it holds the answer."""

    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.zeros(1, 1, WIDTH))

    def forward(self, tokens: Tensor) -> Tensor:
        """(N, 96, 64) to (N, 97, 64)."""
        return torch.cat([self.token.expand(len(tokens), -1, -1), tokens], dim=1)


class FaceBlendshapes(nn.Module):
    """The published network, an MLP-Mixer; its weights are in ``face_landmarker.task``."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("used", torch.tensor(POINTS_USED), persistent=False)
        self.point_mixing = nn.Linear(len(POINTS_USED), TOKENS)
        self.embedding = nn.Linear(2, WIDTH)
        self.answer = AnswerToken()
        self.mixers = nn.Sequential(*(MixerBlock() for _ in range(MIXERS)))
        self.output = nn.Linear(WIDTH, BLENDSHAPES)

    def forward(self, points: Tensor) -> Tensor:
        """Points (N, 478, 2 or 3), x and y in pixels of any size, to coefficients (N, 52) in [0, 1].

        Computed in float32 under autocast as well.
        """
        with torch.autocast(points.device.type, enabled=False):
            places = points.float()[:, self.used, :2]
            places = places - places.mean(1, keepdim=True)
            # The place and the size of the face in the image do not matter; its turn does.
            places = places / places.norm(dim=-1).mean(1)[:, None, None].clamp_min(EPSILON) * 0.5
            tokens = self.answer(self.embedding(self.point_mixing(places.mT).mT))
            return self.output(self.mixers(tokens)[:, 0]).sigmoid()
