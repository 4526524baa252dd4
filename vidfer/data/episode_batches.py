"""Episodes over the clips of a data set, and the batches that hold them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler

from vidfer.data.clip_labels import subjects_of
from vidfer.data.dataset import ClipDataset
from vidfer.data.episodes import EpisodeSampler
from vidfer.data.settings import EpisodeSettings
from vidfer.errors import DataError


class EpisodeBatches(Sampler[list[int]]):
    """One batch per episode: the positions of its support, then of its query clips, both ordered by class.

    Epoch e gives the episodes from number e times ``len`` on, so each epoch has new episodes.
    """

    def __init__(self, sampler: EpisodeSampler) -> None:
        self.episodes = sampler
        self.batch_size = sampler.ways * (sampler.shots + sampler.queries)
        # Where processes cannot share the episodes evenly, some of them repeat one of the first episodes.
        self.drop_last = False
        self.epoch = 0

    @property
    def sampler(self) -> EpisodeBatches:
        """Accelerate looks here for ``set_epoch`` when it has divided the episodes among processes."""
        return self

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.episodes)

    def __iter__(self) -> Iterator[list[int]]:
        for i in range(self.epoch * len(self), (self.epoch + 1) * len(self)):
            episode = self.episodes.episode(i)
            yield [*episode.support.tolist(), *episode.query.tolist()]


def training_episodes(
    clips: ClipDataset, classes: Sequence[str], settings: EpisodeSettings, *, seed: int
) -> EpisodeSampler:
    """Episodes over training clips.

    Args:
        clips: with labels; positions in the episodes are into this data set.
        classes: names of the class numbers.
        settings: kind and number of the episodes.
        seed: of the episodes.

    Raises:
        DataError: too few clips of a class, or a clip without a subject where episodes are person-disjoint.
    """
    return EpisodeSampler(
        clips.labels,
        ways=settings.ways,
        shots=settings.shots,
        queries=settings.queries,
        episodes=settings.per_epoch,
        seed=seed,
        subjects=subjects_of(clips.cache, clips.clips) if settings.person_disjoint else None,
        class_names=classes,
        source=clips.cache.path,
    )


def validation_episodes(
    clips: ClipDataset, classes: Sequence[str], settings: EpisodeSettings, *, seed: int
) -> EpisodeSampler | None:
    """Episodes over validation clips, of the same kind as in training.

    Only classes with enough clips take part. If these are fewer than the ways of training, the episodes have
    fewer ways. Arguments are those of :func:`training_episodes`.

    Returns:
        The episodes; None if fewer than two classes have enough clips, or if person-disjoint episodes are
        impossible.
    """
    labels, cache = clips.labels, clips.cache
    has_face = np.array([cache.clips[i].n_faces > 0 for i in clips.clips], dtype=bool)
    subjects = np.arange(len(labels))
    if settings.person_disjoint:
        subjects = np.array(subjects_of(cache, clips.clips))
    need = settings.shots + settings.queries
    enough = [
        number
        for number, here in ((number, labels == number) for number in np.unique(labels))
        if here.sum() >= need and (here & has_face).sum() >= settings.shots and len({*subjects[here]}) > 1
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
            subjects=subjects if settings.person_disjoint else None,
            class_names=classes,
            source=cache.path,
        )
    except DataError:  # too few subjects; everything else was checked above
        return None
