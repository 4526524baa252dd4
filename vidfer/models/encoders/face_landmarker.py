"""The face's points or its blendshapes as an embedding: what an expression moves, wherever the face is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from vidfer.errors import SettingError
from vidfer.models.embedding import MAP_PX, Embedding
from vidfer.models.encoders.attention import FrameAttention, frame_average
from vidfer.models.encoders.base import Encoder
from vidfer.models.encoders.face_blendshapes import BLENDSHAPES, FaceBlendshapes
from vidfer.models.encoders.face_landmarker_network import INPUT_PX, POINTS, FaceLandmarks, mirror_partners
from vidfer.models.encoders.face_shape import aligned_shape, centred_shape, mirror_points
from vidfer.models.encoders.face_squares import Squares, level_squares, middle_squares, sample_squares
from vidfer.models.encoders.pooling import POOLINGS, pool_frames
from vidfer.models.frames import FramePacker, resize_images, select_regions, unit_float
from vidfer.models.pretrained.face_landmarker_file import load_face_landmarker
from vidfer.models.settings import EncoderSettings, check_choice
from vidfer.rare import Rare

FIRST_SHARE = 200 / 256
"""Share of the first square that the face crop fills. The network was trained on pictures that show more
around the face than vidfer's crops do."""

LEVEL_MARGIN = 1.5
"""Side of the second square over the extent of the points, as in MediaPipe."""

UNIT = 100.0
"""A displacement of 1 is a hundredth of the face's size, the root of the sum of its squared coordinates."""

LOGIT_FLOOR = 0.001
"""Keeps the logits of blendshapes at 0 and 1 finite."""

AT_ONCE = {"cpu": 2, "cuda": 256}
"""Faces that go through the early stages together: maps of more leave the caches of a CPU."""

PARTS = {
    "points": (3 * POINTS,),
    "blendshapes": (BLENDSHAPES,),
    "logits": (BLENDSHAPES,),
    "both": (3 * POINTS, BLENDSHAPES),
}
"""Numbers of each part of a frame's vector, by what it holds."""


@dataclass(frozen=True, kw_only=True)
class FaceLandmarkerSettings(EncoderSettings):
    """Options of the encoder face_landmarker. It resizes crops by itself: resizing twice would blur them."""

    name = "face_landmarker"
    regions = ("face",)

    features: Literal["points", "blendshapes", "logits", "both"] = "logits"
    """What the vector holds: where the 478 `points` are, how far the face makes each of 52 `blendshapes`, the
    `logits` of these, or `both` points and logits."""

    mirror: Rare[bool] = False
    """Also look at the mirror image in the second pass, and average: the points have less noise, for half as
    much time again."""

    frame_attention: Literal["softmax", "sigmoid", "relation", "mean"] = "mean"
    """How the frames of a clip become one vector; see the other encoders. `mean` needs no training."""

    pooling: Rare[Literal["attention", "max", "spread", "peak"]] = "attention"
    """How the frames become one vector: by the frame `attention`, by the largest value of each number
    (`max`), by the mean with the `spread` over the frames beside it, or by the frame of the strongest
    expression (`peak`)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("--encoder.features", self.features, tuple(PARTS))
        check_choice("--encoder.pooling", self.pooling, POOLINGS)
        if self.pooling != "attention" and self.frame_attention != "mean":
            raise SettingError(
                f"--encoder.pooling {self.pooling}: --encoder.frame-attention {self.frame_attention} would "
                "have no effect; leave one of them out"
            )


class FaceLandmarkerEncoder(Encoder):
    """MediaPipe's face landmarker in two passes; then frame attention.

    The first pass finds the points in the crop as it is. The second sees a square around these points, turned
    so that the eyes are level, and its mirror image if ``mirror`` is set. ``maps`` are those of the network's
    third stage, 64 channels without further parameters.
    """

    Settings = FaceLandmarkerSettings
    regions = ("face",)

    def __init__(
        self,
        features: str = "logits",
        mirror: bool = False,
        frame_attention: str = "mean",
        attention_dropout: float = 0.0,
        pooling: str = "attention",
    ) -> None:
        super().__init__()
        self.features, self.mirror, self.pooling = features, mirror, pooling
        self.landmarks = FaceLandmarks()
        self.blendshapes = FaceBlendshapes()
        self.frame_attention = FrameAttention(sum(PARTS[features]), frame_attention, attention_dropout)
        self.vector_channels = self.frame_attention.out_channels * (2 if pooling == "spread" else 1)
        self.register_buffer("partner", mirror_partners(), persistent=False)
        self.register_buffer("reference", torch.zeros(POINTS, 3))
        self.take_reference()

    @property
    def vector_parts(self) -> tuple[int, ...]:
        parts = PARTS[self.features]
        return parts * (self.vector_channels // sum(parts))  # frame attention may repeat them

    def load_published(self, path: Path) -> None:
        """Take the weights of Google's ``face_landmarker.task``; see :func:`load_face_landmarker`."""
        load_face_landmarker(path, self.landmarks, self.blendshapes)
        self.take_reference()

    @torch.no_grad()
    def take_reference(self) -> None:
        """Make the reference from the bias of the network's last layer, which after training is a face."""
        self.reference.copy_(centred_shape(self.landmarks.points.bias.unflatten(0, (POINTS, 3))))

    def forward(self, crops: Tensor, frame_mask: Tensor) -> Embedding:
        """The embedding of clips; see :class:`vidfer.models.encoders.base.Encoder`."""
        frames = FramePacker(frame_mask)
        faces = unit_float(select_regions(frames.pack(crops), self.regions))[:, 0]
        points, maps = self.find_points(faces)
        shapes = None if self.features == "points" else self.blendshapes(points)
        vectors = frames.unpack(self.frame_vectors(points, shapes))
        vector, attention = self.frame_attention(vectors, frame_mask)
        if self.pooling != "attention":
            strength = frames.unpack(self.strength(points, shapes))
            vector = pool_frames(self.pooling, vectors, frame_mask, attention["frames"], strength)
        maps = frames.unpack(resize_images(maps.float(), MAP_PX))
        return Embedding(
            vector=vector,
            maps=frame_average(attention["frames"], maps)[:, None],
            attention={name: weights.detach() for name, weights in attention.items()},
        )

    def find_points(self, faces: Tensor) -> tuple[Tensor, Tensor]:
        """Face crops (M, 3, H, W) to the points (M, 478, 3) and maps of the second pass.

        The points are in pixels of the level square. Gradients do not see that the square depends on the
        first pass.
        """
        with torch.no_grad():
            squares = middle_squares(faces, FIRST_SHARE)
            points, _ = self.see(faces, squares)
            squares = level_squares(squares.outside(points[..., :2], INPUT_PX), LEVEL_MARGIN)
        points, maps = self.see(faces, squares)
        if self.mirror:
            # The same squares of the mirrored crops, and so the mirror images of the squares.
            width = faces.shape[-1]
            centre = torch.stack([width - squares.centre[:, 0], squares.centre[:, 1]], dim=1)
            mirrored, mirrored_maps = self.see(faces.flip(-1), Squares(centre, squares.side, -squares.turn))
            # What is on the left of the mirror image is on the right of the face.
            back = mirror_points(mirrored, self.partner) + mirrored.new_tensor([INPUT_PX, 0.0, 0.0])
            points, maps = (points + back) / 2, (maps + mirrored_maps.flip(-1)) / 2
        return points, maps

    def see(self, faces: Tensor, squares: Squares) -> tuple[Tensor, Tensor]:
        """Face crops (M, 3, H, W) and squares in them to points (M, 478, 3) and maps (M, 64, 32, 32)."""
        together = AT_ONCE.get(faces.device.type, AT_ONCE["cuda"])
        maps = [
            self.landmarks.early_maps(sample_squares(some, of_some, INPUT_PX))
            for some, of_some in zip(faces.split(together), squares.split(together))
        ]
        maps = torch.cat(maps)
        return self.landmarks.late_points(maps), maps

    def strength(self, points: Tensor, shapes: Tensor | None) -> Tensor:
        """How strong the expression of each frame is (M,): the sum of its blendshapes but for the first,
        which is neutral; of points alone, their distance from the reference."""
        if shapes is None:
            return (aligned_shape(points, self.reference) - self.reference).flatten(1).norm(dim=1)
        return shapes[:, 1:].sum(1)

    def frame_vectors(self, points: Tensor, shapes: Tensor | None = None) -> Tensor:
        """Points (M, 478, 3) to the chosen features (M, C); ``shapes`` (M, 52) if they are known already."""
        chosen = []
        if shapes is None and self.features != "points":
            shapes = self.blendshapes(points)
        if self.features in ("points", "both"):
            chosen.append(((aligned_shape(points, self.reference) - self.reference) * UNIT).flatten(1))
        if shapes is not None:
            # ln((b + 0.001) / (1.001 - b))
            logits = ((shapes + LOGIT_FLOOR) / (1 + LOGIT_FLOOR - shapes)).log()
            chosen.append(shapes if self.features == "blendshapes" else logits)
        return torch.cat(chosen, dim=1)
