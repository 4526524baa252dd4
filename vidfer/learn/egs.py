"""EGS-Net (Zou et al., AAAI 2022, arXiv 2201.06781): two branches that learn together, then take turns."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from vidfer.learn.batch_norm import share_buffers
from vidfer.learn.egs_settings import EgsSettings, Learner
from vidfer.learn.epoch import Epoch
from vidfer.learn.losses import distillation_loss
from vidfer.learn.optimiser import take_step
from vidfer.models.heads import HEADS
from vidfer.models.recogniser import Recogniser

GUIDES = tuple(name for name, head in HEADS.items() if head.gives_logits)
"""Few-shot heads whose scores are logits of a posterior, so that they can guide and be guided."""


class EgsNet(nn.Module):
    """A recogniser with the losses of EGS-Net around it, and the guide of the second stage.

    The emotion branch is the recogniser's classifier of all base classes, the similarity branch its few-shot
    head; both stand on one encoder and see the clips of the same episode. The paper says that in the second
    stage the branch that learns is guided by the other one, which is frozen; since both share the encoder, we
    read this so: when a turn starts, the guide becomes a frozen copy of the whole recogniser. In the turn
    encoder and own branch of the learner are trained, by the learner's own loss and by the divergence of its
    posterior from that of the other branch of the guide, over the classes of the episode, for the queries.

    Frozen means: weights, and running statistics of batch normalisation, stay bit by bit as they are, and
    nothing flows back. It normalises by the clips of the episode, as the learner does.

    The guide is a part of this module, so that whoever saves and loads its state has the guide too.
    """

    def __init__(self, recogniser: Recogniser, settings: EgsSettings) -> None:
        """``recogniser`` has a classifier, and one of :data:`GUIDES` as its head."""
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
                # Statistics of the episode, as the learner has: the running ones mix the data sets, and
                # depend on the number of processes. They are not touched.
                module.train(mode)
        return self

    def start_turn(self) -> None:
        """Makes the guide a copy of what the branches have learned so far."""
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
            ``loss`` to minimise; the rest is to be looked at: ``emotion_loss``, ``similarity_loss`` and
            ``guide_loss`` (0 in the joint stage), ``emotion_accuracy`` over all clips and base classes,
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
            # The softmax over some logits is the posterior given that it is one of these classes.
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
        # Detached: a wrapper for several processes would wait for the gradient of whatever is not.
        return {"loss": loss} | {name: value.detach() for name, value in shown.items()}


def train_egs(
    net: nn.Module,
    epoch: Epoch,
    optimiser: Optimizer,
    schedule: LRScheduler,
    *,
    noise: nn.Module,
    clip_norm: float,
    ways: int,
    shots: int,
    learner: Learner,
) -> dict[str, float]:
    """The episodes of an epoch that are not done yet.

    Args:
        net: prepared :class:`EgsNet`.
        epoch: its batches are in the order of :class:`vidfer.learn.episodic.EpisodeBatches`.
        optimiser, schedule: prepared; both stepped after every episode, or after as many as are accumulated.
        noise: makes noised float crops of uint8 ones, on their device.
        clip_norm: largest norm of the gradient; 0 clips nothing.
        ways, shots: N and K of the episodes.
        learner: ``both`` for the joint stage, or whose turn it is.

    Returns:
        What :meth:`EgsNet.forward` gives, as means over episodes and processes, and ``waiting``.

    Raises:
        VidferError: the loss is no finite number any more.
    """
    accelerator = epoch.accelerator
    net.train()
    noise.train()
    for batch in epoch:
        with accelerator.accumulate(net):
            found = net(noise(batch["crops"]), batch["frame_mask"], batch["label"], ways, shots, learner)
            take_step(found["loss"], net, optimiser, schedule, accelerator, clip_norm=clip_norm)
        epoch.add(**found)
    means = epoch.means()
    share_buffers(net, accelerator)
    return means
