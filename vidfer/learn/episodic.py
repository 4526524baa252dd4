"""Training a few-shot head, episode by episode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import DataLoader, Sampler

from vidfer.data.episodes import EpisodeSampler
from vidfer.data.splits import labels_of, people_of
from vidfer.errors import VidferError
from vidfer.infer.embed import embed_clips
from vidfer.infer.iterate import evaluating
from vidfer.learn.batch_norm import share_buffers
from vidfer.learn.epoch import Epoch
from vidfer.learn.optimiser import take_step
from vidfer.learn.settings import EpisodeSettings
from vidfer.models.recogniser import Recogniser
from vidfer.store.reader import CropCache


class EpisodeBatches(Sampler[list[int]]):
    """One batch per episode: the positions of its support, then of its query clips, both ordered by class.

    Epoch e gives the episodes from e times ``len`` on, so that no two epochs are alike.
    """

    def __init__(self, sampler: EpisodeSampler) -> None:
        self.episodes = sampler
        self.batch_size = sampler.ways * (sampler.shots + sampler.queries)
        # Where the episodes cannot be shared evenly, some processes are given one of the first ones again.
        self.drop_last = False
        self.epoch = 0

    @property
    def sampler(self) -> EpisodeBatches:
        """Where Accelerate looks for ``set_epoch`` once each process has its share of the episodes."""
        return self

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.episodes)

    def __iter__(self) -> Iterator[list[int]]:
        for i in range(self.epoch * len(self), (self.epoch + 1) * len(self)):
            episode = self.episodes.episode(i)
            yield [*episode.support.tolist(), *episode.query.tolist()]


class EpisodeNet(nn.Module):
    """A recogniser with the loss of its head around it.

    One module with one forward pass per episode is what lets Accelerate add up gradients over processes.
    """

    def __init__(self, recogniser: Recogniser) -> None:
        super().__init__()
        self.recogniser = recogniser

    def forward(self, crops: Tensor, frame_mask: Tensor, ways: int, shots: int) -> tuple[Tensor, Tensor]:
        """Loss and accuracy of one episode.

        Args:
            crops, frame_mask: N*K support clips, then the query clips, both ordered by class.
            ways, shots: N and K.
        """
        clips = self.recogniser.embed(crops, frame_mask)
        support, query = clips[: ways * shots], clips[ways * shots :]
        classes = torch.arange(ways, device=crops.device)
        support_labels = classes.repeat_interleave(shots)
        query_labels = classes.repeat_interleave(len(query) // ways)
        loss, scores = self.recogniser.head.loss(support, support_labels, query, query_labels)
        return loss, (scores.argmax(1) == query_labels).float().mean()


def train_episodes(
    net: nn.Module,
    epoch: Epoch,
    optimiser: Optimizer,
    schedule: LRScheduler,
    *,
    noise: nn.Module,
    clip_norm: float,
    ways: int,
    shots: int,
) -> dict[str, float]:
    """The episodes of an epoch that are not done yet.

    Args:
        net: prepared :class:`EpisodeNet`.
        epoch: its batches are in the order of :class:`EpisodeBatches`.
        optimiser, schedule: prepared; both stepped after every episode, or after as many as are accumulated.
        noise: makes noised float crops of uint8 ones, on their device.
        clip_norm: largest norm of the gradient; 0 clips nothing.
        ways, shots: N and K of the episodes.

    Returns:
        ``loss`` and ``train_accuracy``, means over episodes and processes, and ``waiting``.

    Raises:
        VidferError: the loss is no finite number any more.
    """
    accelerator = epoch.accelerator
    net.train()
    noise.train()
    for batch in epoch:
        with accelerator.accumulate(net):
            loss, accuracy = net(noise(batch["crops"]), batch["frame_mask"], ways, shots)
            take_step(loss, net, optimiser, schedule, accelerator, clip_norm=clip_norm)
        epoch.add(loss=loss, train_accuracy=accuracy)
    means = epoch.means()
    share_buffers(net, accelerator)
    return means


def training_episodes(
    cache: CropCache, clips: Sequence[int], classes: Sequence[str], settings: EpisodeSettings, *, seed: int
) -> EpisodeSampler:
    """Episodes over training clips of one cache; positions are into ``clips``.

    Raises:
        VidferError: too few clips of a class; no people, where queries are to be of others.
    """
    return EpisodeSampler(
        labels_of(cache, clips, classes),
        ways=settings.ways,
        shots=settings.shots,
        queries=settings.queries,
        episodes=settings.per_epoch,
        seed=seed,
        people=people_of(cache, clips) if settings.other_people else None,
        class_names=classes,
        source=cache.path,
    )


def validation_episodes(
    cache: CropCache, clips: Sequence[int], classes: Sequence[str], settings: EpisodeSettings, *, seed: int
) -> EpisodeSampler | None:
    """Episodes over validation clips, like those of training, among the classes that have enough clips.

    There are as many ways as such classes if they are fewer than in training; with fewer than two, None,
    and where queries are to be of other people, of whom there are too few.
    """
    labels = labels_of(cache, clips, classes)
    has_face = np.array([cache.clips[i].n_faces > 0 for i in clips], dtype=bool)
    people = np.array(people_of(cache, clips)) if settings.other_people else np.arange(len(labels))
    need = settings.shots + settings.queries
    enough = [
        number
        for number, here in ((number, labels == number) for number in np.unique(labels))
        if here.sum() >= need and (here & has_face).sum() >= settings.shots and len({*people[here]}) > 1
    ]
    if len(enough) < 2:
        return None
    try:
        return EpisodeSampler(
            np.where(np.isin(labels, enough), labels, -1),
            ways=min(settings.ways, len(enough)),
            shots=settings.shots,
            queries=settings.queries,
            episodes=settings.val_episodes,
            seed=seed,
            has_face=has_face,
            people=people if settings.other_people else None,
            class_names=classes,
            source=cache.path,
        )
    except VidferError:  # too few other people; all else was looked at above
        return None


@torch.no_grad()
def validate_episodes(
    recogniser: Recogniser, loader: DataLoader, episodes: EpisodeSampler, accelerator: Accelerator
) -> float:
    """Mean accuracy over validation episodes; a query clip without a face counts as wrong.

    Each clip is embedded once. Every process computes the whole: gathering maps from all of them would
    cost more than it saves.

    Args:
        recogniser: with encoder and head.
        loader: not prepared; all validation clips in the order that the positions in ``episodes`` mean.
        episodes: which to ask.
        accelerator: says device and number format.
    """
    device = accelerator.device
    with evaluating(recogniser):
        with accelerator.autocast():
            maps = recogniser.head.compares_maps
            clips, has_face = embed_clips(recogniser, loader, device, maps=maps)
        clips, has_face = clips.to(device), torch.from_numpy(has_face).to(device)
        accuracies = []
        for episode in episodes:
            support, query, support_labels, query_labels = (
                torch.from_numpy(part).to(device)
                for part in (episode.support, episode.query, episode.support_labels, episode.query_labels)
            )
            chosen = recogniser.head(clips[support], support_labels, clips[query]).argmax(1)
            accuracies.append(((chosen == query_labels) & has_face[query]).float().mean())
    return float(torch.stack(accuracies).mean())
