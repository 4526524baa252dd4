"""The shape of the face from MediaPipe Face Mesh, for checkpoints that an earlier vidfer wrote.

:mod:`vidfer.models.encoders.face_landmarker` has taken its place.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from vidfer.models.embedding import MAP_PX, Embedding
from vidfer.models.encoders.attention import FrameAttention, frame_average
from vidfer.models.encoders.base import Encoder
from vidfer.models.encoders.face_mesh_network import INPUT_PX, POINTS, FaceMesh, mirror_partners
from vidfer.models.encoders.face_shape import aligned_shape, centred_shape, mirror_points
from vidfer.models.frames import FramePacker, resize_images, select_regions, unit_float
from vidfer.models.settings import EncoderSettings

FACE_PX = 154
"""Side of the face crop within the network's 192 pixels, 0.8 of them. The network was trained on pictures
that show more around the face than vidfer's crops do."""

UNIT = 100.0
"""A displacement of 1 is a hundredth of the face's size, the root of the sum of its squared coordinates."""


@dataclass(frozen=True, kw_only=True)
class FaceMeshSettings(EncoderSettings):
    """Options of the encoder face_mesh. It resizes crops by itself: resizing twice would blur them."""

    name = "face_mesh"
    regions = ("face",)


class FaceMeshEncoder(Encoder):
    """468 points of the face, aligned to a reference by place, size and rotation; then frame attention.

    A frame's vector is how far each point is from the reference, 3 x 468 numbers. The network sees the
    picture and its mirror image, and both sides of the face are averaged, which halves the noise of the
    points. So a mirrored crop has the same embedding, and an expression of one side counts half on both.
    ``maps`` are those of the network's third stage, 64 channels without further parameters, averaged in the
    same way.
    """

    Settings = FaceMeshSettings
    regions = ("face",)

    def __init__(self, frame_attention: str = "softmax", attention_dropout: float = 0.0) -> None:
        super().__init__()
        self.network = FaceMesh()
        self.frame_attention = FrameAttention(3 * POINTS, frame_attention, attention_dropout)
        self.vector_channels = self.frame_attention.out_channels
        self.register_buffer("partner", mirror_partners())
        self.register_buffer("reference", torch.zeros(POINTS, 3))
        self.take_reference()

    @torch.no_grad()
    def take_reference(self) -> None:
        """Make the reference from the bias of the network's last layer, which after training is a face.

        It is made symmetrical, so that both sides of a face have the same reference.
        """
        shape = centred_shape(self.network.points.bias.unflatten(0, (POINTS, 3)))
        self.reference.copy_(centred_shape(shape + mirror_points(shape, self.partner)))

    def forward(self, crops: Tensor, frame_mask: Tensor) -> Embedding:
        """The embedding of clips; see :class:`vidfer.models.encoders.base.Encoder`."""
        frames = FramePacker(frame_mask)
        faces = unit_float(select_regions(frames.pack(crops), self.regions))[:, 0]
        border = (INPUT_PX - FACE_PX) // 2
        images = F.pad(resize_images(faces, FACE_PX), [border] * 4, mode="replicate")
        points, maps = self.network(torch.cat([images, images.flip(-1)]))

        seen, mirrored = aligned_shape(points, self.reference).chunk(2)
        # What is on the left of the mirrored picture is on the right of the face.
        shape = (seen + mirror_points(mirrored, self.partner)) / 2
        shape = (shape + mirror_points(shape, self.partner)) / 2
        vectors = frames.unpack(((shape - self.reference) * UNIT).flatten(1))
        vector, attention = self.frame_attention(vectors, frame_mask)

        seen, mirrored = resize_images(maps.float(), MAP_PX).chunk(2)
        maps = frames.unpack((seen + mirrored.flip(-1)) / 2)
        return Embedding(
            vector=vector,
            maps=frame_average(attention["frames"], maps)[:, None],
            attention={name: weights.detach() for name, weights in attention.items()},
        )
