"""The whole model: an encoder, a classifier of known expressions and a head for unknown ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor, nn

from vidfer.models.embedding import MAP_CHANNELS, MAP_PX, Embedding
from vidfer.models.heads.prototype import PrototypeHead
from vidfer.models.seen_labels import SeenLabels
from vidfer.models.settings import ModelSettings
from vidfer.models.whitening import Whitening


class Recogniser(nn.Module):
    """The model that a checkpoint holds; :func:`vidfer.models.build.build_recogniser` makes it.

    ``settings``, ``classes`` and ``seen`` are saved, too. ``seen`` are the expression labels that its weights
    have seen, wherever they come from.
    """

    def __init__(
        self, encoder: nn.Module, head: nn.Module | None, classes: Sequence[str], settings: ModelSettings
    ) -> None:
        """``classes`` name the classifier's outputs; without any there is no classifier. ``encoder`` says how
        long its vectors are: ``vector_channels``."""
        super().__init__()
        self.settings = settings
        self.classes = tuple(classes)
        self.encoder = encoder
        self.encoder_frozen = False
        self.seen = SeenLabels()
        self.whitening = Whitening(encoder.vector_channels) if settings.whitened else None
        self.head = head
        self.classifier = None
        if self.classes:
            self.classifier = nn.Sequential(
                nn.Dropout(settings.dropout), nn.Linear(encoder.vector_channels, len(self.classes))
            )

    def prototype_head(self) -> PrototypeHead:
        """A head without training: the nearest class mean."""
        return PrototypeHead()

    def freeze_encoder(self) -> None:
        """The encoder stays as it is from now on: without gradients, and in evaluation mode, as otherwise the
        running statistics of batch normalisation would go on changing."""
        self.encoder.requires_grad_(False)
        self.encoder_frozen = True
        self.train(self.training)

    def train(self, mode: bool = True) -> Recogniser:
        super().train(mode)
        if self.encoder_frozen:
            self.encoder.eval()
        return self

    def embed(self, crops: Tensor, frame_mask: Tensor) -> Embedding:
        """Crops (B, T, R, 3, H, W), uint8 or float in [0, 1], and mask (B, T) to the clips' embedding.

        Its vector is whitened if the model is, but for clips without any face, whose vector is zero. For what
        :meth:`vectors` also takes there are no maps.
        """
        if crops.ndim == 2:
            no_maps = crops.new_empty(len(crops), 0, MAP_CHANNELS, MAP_PX, MAP_PX)
            return Embedding(self.vectors(crops, frame_mask), no_maps)
        embedding = self.encoder(crops, frame_mask)
        return replace(embedding, vector=self._whitened(embedding.vector, frame_mask))

    def vectors(self, crops: Tensor, frame_mask: Tensor) -> Tensor:
        """The clips' vectors (B, C), whitened if the model is.

        ``crops`` may be the vectors (B, C) that the encoder has given before, when it is frozen
        (:mod:`vidfer.infer.features`).
        """
        seen = crops if crops.ndim == 2 else self.encoder.vectors(crops, frame_mask)
        return self._whitened(seen, frame_mask)

    def _whitened(self, vectors: Tensor, frame_mask: Tensor) -> Tensor:
        if self.whitening is None:
            return vectors
        return self.whitening(vectors) * frame_mask.any(-1, keepdim=True)

    def forward(self, crops: Tensor, frame_mask: Tensor) -> Tensor:
        """Crops and mask as in :meth:`embed` to logits (B, classes)."""
        if self.classifier is None:
            raise ValueError(
                "this recogniser was built without classes, so it has no classifier; use embed and head"
            )
        return self.classifier(self.vectors(crops, frame_mask)).float()
