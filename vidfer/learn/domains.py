"""Which clips of several data sets a run trains on and validates on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from vidfer.data.domains import DomainEpisodes
from vidfer.data.settings import DataSettings
from vidfer.data.splits import ClipSplit, class_counts, labels_of
from vidfer.data.training_split import training_split
from vidfer.errors import VidferError
from vidfer.learn.episodic import training_episodes
from vidfer.learn.settings import EpisodeSettings
from vidfer.store.reader import CropCache


@dataclass(frozen=True)
class Domain:
    """One data set among several."""

    name: str
    """The file's name without its ending, or its whole path where two have the same one."""
    cache: CropCache
    split: ClipSplit
    """Its own classes, each with enough clips for an episode."""


def training_domains(
    paths: Sequence[Path], data: DataSettings, task: EpisodeSettings
) -> tuple[list[Domain], tuple[str, ...]]:
    """The domains, and the base classes of all of them together.

    A domain has the classes that its cache has: they may be others in each. A class with too few training
    clips for an episode is left out of that domain, and the note of its split says so.

    Raises:
        VidferError: a cache twice, crops of several sizes, a class that no cache has, a domain without enough
            classes for an episode, a fold of several caches, or clips or people that one domain trains on and
            another one measures.
    """
    caches = [CropCache(path) for path in paths]
    _check_caches(caches, data)
    domains = []
    for cache in caches:
        there = class_counts(cache)
        classes, novel = (tuple(n for n in names if n in there) for names in (data.classes, data.novel))
        split = training_split(cache, replace(data, classes=classes, novel=novel))
        unique = sum(other.path.stem == cache.path.stem for other in caches) == 1
        name = cache.path.stem if unique else cache.path.as_posix()
        domains.append(Domain(name, cache, _with_episodes(cache, split, task)))
    _check_apart(domains, data.novel)
    found = {label for domain in domains for label in domain.split.classes}
    return domains, tuple(name for name in data.classes or sorted(found) if name in found)


def episodes_of(
    domains: Sequence[Domain], classes: Sequence[str], task: EpisodeSettings, *, seed: int
) -> DomainEpisodes:
    """Training episodes, each from one domain; positions are into the training clips end to end.

    Args:
        domains: from :func:`training_domains`, as are ``classes``, whose order gives the class numbers.
        task: kind and number of the episodes.
        seed: of the episodes and of the order of the domains.
    """
    samplers = [
        training_episodes(domain.cache, domain.split.train, classes, task, seed=seed) for domain in domains
    ]
    sizes = [len(domain.split.train) for domain in domains]
    return DomainEpisodes(samplers, sizes, episodes=task.per_epoch, seed=seed)


def _check_caches(caches: Sequence[CropCache], data: DataSettings) -> None:
    first = caches[0]
    for place, cache in enumerate(caches):
        if cache.content_hash in [other.content_hash for other in caches[:place]]:
            raise VidferError(f"{cache.path} is the same cache as another one of --cache; name each once")
        if cache.size_px != first.size_px:
            raise VidferError(
                f"{cache.path} has crops of {cache.size_px} px and {first.path} of {first.size_px} px; "
                f"make one of them again with the other's crop size"
            )
    if data.fold is not None and len(caches) > 1:
        raise VidferError(f"--data.fold {data.fold}: a fold is one of a single cache; name one --cache")
    there = {label for cache in caches for label in class_counts(cache)}
    for option, names in (("classes", data.classes), ("novel", data.novel)):
        for name in names:
            if name not in there:
                raise VidferError(
                    f"--data.{option} {name}: no clip has this label in "
                    f"{', '.join(str(cache.path) for cache in caches)}; there are {', '.join(sorted(there))}"
                )
    for cache in caches:
        if data.classes and not {*data.classes} & {*class_counts(cache)}:
            raise VidferError(
                f"{cache.path} has no clip of {', '.join(data.classes)}; leave it out, or name classes of it "
                f"with --data.classes: {', '.join(class_counts(cache))}"
            )


def _with_episodes(cache: CropCache, split: ClipSplit, task: EpisodeSettings) -> ClipSplit:
    """The split with the classes that have enough training clips for an episode."""
    need = task.shots + task.queries
    counts = np.bincount(labels_of(cache, split.train, split.classes), minlength=len(split.classes))
    kept = tuple(name for name, count in zip(split.classes, counts) if count >= need)
    if len(kept) < task.ways:
        found = ", ".join(f"{name} {count}" for name, count in zip(split.classes, counts))
        queries = "1 query" if task.queries == 1 else f"{task.queries} queries"
        raise VidferError(
            f"{task.ways}-way {task.shots}-shot episodes with {queries} need {task.ways} classes with {need} "
            f"training clips each, and {cache.path} has {len(kept)} ({found}); lower --episodes.ways or "
            f"--episodes.queries, or leave this cache out"
        )
    if len(kept) == len(split.classes):
        return split
    parts = {
        part: tuple(i for i in getattr(split, part) if cache.clips[i].label in kept)
        for part in ("train", "val", "test")
    }
    few = ", ".join(f"{name} {count}" for name, count in zip(split.classes, counts) if name not in kept)
    return replace(
        split, **parts, classes=kept, note=f"{split.note}; classes with fewer than {need} left out: {few}"
    )


def _check_apart(domains: Sequence[Domain], novel: Sequence[str]) -> None:
    """Raise a VidferError if one domain trains on crops, or a person, that another one measures."""
    for domain in domains:
        clips = domain.cache.clips
        measured = [clips[i] for i in (*domain.split.val, *domain.split.test)]
        measured += [clip for clip in clips if clip.label in novel]
        crops = {clip.crops_hash for clip in measured if clip.n_faces}
        people = {(clip.source, clip.subject) for clip in measured if clip.subject is not None}
        for other in domains:
            for i in other.split.train if other is not domain else ():
                clip = other.cache.clips[i]
                if clip.crops_hash in crops:
                    raise VidferError(
                        f"clip '{clip.id}' of {other.cache.path} would be trained on, and is kept for "
                        f"measuring in {domain.cache.path}; leave one of the two caches out"
                    )
                if (clip.source, clip.subject) in people:
                    raise VidferError(
                        f"subject '{clip.subject}' of {other.cache.path} would be trained on, and is kept "
                        f"for measuring in {domain.cache.path}; leave one of the two caches out, or, if "
                        f"they are two people, give one of them another name with `vidfer relabel`"
                    )
