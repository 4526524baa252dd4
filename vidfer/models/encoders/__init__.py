"""Encoders, one file each. A new encoder is a new file here and a line in :data:`ENCODERS`."""

from collections import ChainMap
from collections.abc import Mapping

from vidfer.models.encoders.base import Encoder
from vidfer.models.encoders.conv4 import Conv4Encoder
from vidfer.models.encoders.face_landmarker import FaceLandmarkerEncoder
from vidfer.models.encoders.face_mesh import FaceMeshEncoder
from vidfer.models.encoders.grouped_resnet18 import GroupedResNet18Encoder
from vidfer.models.encoders.inception_resnet_v1 import InceptionResnetV1Encoder
from vidfer.models.encoders.resnet18 import ResNet18Encoder
from vidfer.models.encoders.timm import TimmEncoder
from vidfer.models.encoders.torchvision import TorchvisionEncoder

ENCODERS: dict[str, type[Encoder]] = {
    "grouped_resnet18": GroupedResNet18Encoder,
    "conv4": Conv4Encoder,
    "resnet18": ResNet18Encoder,
    "torchvision": TorchvisionEncoder,
    "timm": TimmEncoder,
    "face_landmarker": FaceLandmarkerEncoder,
    "inception_resnet_v1": InceptionResnetV1Encoder,
}
"""Every encoder by its name on the command line and in checkpoints."""

OLD_ENCODERS: dict[str, type[Encoder]] = {"face_mesh": FaceMeshEncoder}
"""Encoders of checkpoints that an earlier vidfer wrote; no command line has them any more."""

KNOWN_ENCODERS: Mapping[str, type[Encoder]] = ChainMap(ENCODERS, OLD_ENCODERS)
"""What a checkpoint may hold."""
