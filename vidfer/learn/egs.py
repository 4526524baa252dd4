"""EGS-Net (Zou et al., AAAI 2022, arXiv 2201.06781): two branches that learn together, then take turns."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vidfer.learn.egs_settings import EgsSettings, Learner
from vidfer.learn.losses import distillation_loss
from vidfer.models.heads import HEADS
from vidfer.models.recogniser import Recogniser

GUIDES = tuple(name for name, head in HEADS.items() if head.gives_logits)
"""Few-shot heads whose scores are logits of a posterior, so that they can guide and be guided."""


class EgsNet(nn.Module):
    """A recogniser with the losses of EGS-Net, and the guide of the second stage.

    The emotion branch is the recogniser's classifier of all base classes; the similarity branch is its
    few-shot head. Both share one encoder and see the clips of the same episode. In the first, joint stage
    both learn. In the second stage they take turns: the paper says that the branch that learns is guided by
    the other branch, which is frozen. Because the branches share the encoder, we do it like this: when a turn
    starts, the guide becomes a frozen copy of the whole recogniser. During the turn the encoder and the
    branch of the learner are trained with two losses: the learner's own loss, and the divergence of its
    posterior from the posterior of the other branch of the guide, for the query clips, over the classes of
    the episode.

    Frozen means that weights and running statistics of batch normalisation stay exactly as they are, and that
    no gradient flows back. The guide normalises by the clips of the episode, as the learner does.

    The guide is a part of this module, so it is saved and loaded with the module's state.
    """

    def __init__(self, recogniser: Recogniser, settings: EgsSettings) -> None:
        """``recogniser`` needs a classifier and one of :data:`GUIDES` as its head."""
        super().__init__()
        self.settings = settings
        self.recogniser = recogniser
        self.guide = copy.deepcopy(recogniser).requires_grad_(False)
        for module in self.guide.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.track_running_stats = False

    def train(self, mode: bool = True) -> EgsNet:
        super().train(mode)
        self.guide.eval()  # no dropout
        for module in self.guide.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                # Normalise by the clips of the episode, as the learner does: running statistics mix the data
                # sets and depend on the number of processes. They are not changed.
                module.train(mode)
        return self

    def start_turn(self) -> None:
        """Make the guide a copy of the recogniser as it is now."""
        self.guide.load_state_dict(self.recogniser.state_dict())

    def forward(
        self, crops: Tensor, frame_mask: Tensor, labels: Tensor, ways: int, shots: int, learner: Learner
    ) -> dict[str, Tensor]:
        """Losses and accuracies of one episode.

        Args:
            crops, frame_mask: N*K support clips, then the query clips, both ordered by class.
            labels: (B,) of these clips among the classes of the recogniser.
            ways, shots: N and K.
            learner: ``both`` for the joint stage, or whose turn it is.

        Returns:
            ``loss`` to minimise, and without gradients, for the log: ``emotion_loss``, ``similarity_loss``,
            ``guide_loss`` (0 in the joint stage), ``emotion_accuracy`` over all clips and base classes, and
            ``train_accuracy`` of the similarity branch.
        """
        n_support = ways * shots
        classes = labels[:n_support:shots]  # (N,) the base classes of this episode
        support_labels = torch.arange(ways, device=labels.device).repeat_interleave(shots)
        query_labels = torch.arange(ways, device=labels.device).repeat_interleave(
            (len(labels) - n_support) // ways
        )

        def branches(model: Recogniser) -> tuple[Tensor, Tensor]:
            """Logits over the base classes (B, C), and scores over those of the episode (Q, N)."""
            clips = model.embed(crops, frame_mask)
            scores = model.head(clips[:n_support], support_labels, clips[n_support:])
            return model.classifier(clips.vector).float(), scores.float()

        logits, scores = branches(self.recogniser)
        emotion = F.cross_entropy(logits, labels)
        similarity = F.cross_entropy(scores, query_labels)
        guided = emotion.new_zeros(())
        if learner == "both":
            # L = L_emotion + w L_similarity
            loss = emotion + self.settings.similarity_weight * similarity
        else:
            with torch.no_grad():
                guide_logits, guide_scores = branches(self.guide)
            # The softmax over these logits is the posterior, given that the clip is of one of these classes.
            posterior, guide_posterior = logits[n_support:, classes], guide_logits[n_support:, classes]
            temperature = self.settings.temperature
            if learner == "emotion":
                guided = distillation_loss(posterior, guide_scores, temperature)
                loss = emotion + self.settings.guide_weight * guided
            else:
                guided = distillation_loss(scores, guide_posterior, temperature)
                loss = similarity + self.settings.guide_weight * guided
        shown = {
            "emotion_loss": emotion,
            "similarity_loss": similarity,
            "guide_loss": guided,
            "emotion_accuracy": (logits.argmax(1) == labels).float().mean(),
            "train_accuracy": (scores.argmax(1) == query_labels).float().mean(),
        }
        # Detached, because the wrapper for several processes waits for the gradients of all its outputs.
        return {"loss": loss} | {name: value.detach() for name, value in shown.items()}
