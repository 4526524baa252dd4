"""Train on several data sets (domains): choose the clips of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from vidfer.data.clip_labels import class_counts, is_labelled, labels_of, person_key
from vidfer.data.episodes import counted
from vidfer.data.settings import DataSettings, EpisodeSettings
from vidfer.data.splits import ClipSplit
from vidfer.data.training_split import training_split
from vidfer.errors import CacheError, DataError, SettingError
from vidfer.names import Names, in_one_spelling
from vidfer.store.reader import CropCache


@dataclass(frozen=True)
class Domain:
    """One of several data sets."""

    name: str
    """The cache's file name without its ending; the whole path if two caches have the same name."""
    cache: CropCache
    split: ClipSplit
    """Its classes are those of this domain; for episodes, those with enough training clips."""

    @property
    def summary(self) -> str:
        """A line about its clips."""
        train, val = len(self.split.train), len(self.split.val)
        return f"{self.name}: {train} clips to train on, {val} to validate on ({self.split.note})"


def training_domains(
    paths: Sequence[Path], data: DataSettings, task: EpisodeSettings | None = None
) -> tuple[list[Domain], tuple[str, ...]]:
    """Split several caches, one domain each.

    Domains may have different classes. Training on episodes needs ``task``: a class with too few training
    clips for an episode is left out of its domain, and the note of the domain's split says so.

    Returns:
        The domains, and the base classes of all of them together.

    Raises:
        SettingError: a cache that is named twice, a class that no cache has, or a fold of several caches.
        CacheError: crops of different sizes.
        DataError: a domain without enough classes for an episode, or clips or subjects that one domain trains
            on and another one measures.
    """
    caches = [CropCache(path) for path in paths]
    _check_caches(caches, data)
    domains = []
    for cache in caches:
        there = Names(class_counts(cache))
        classes, novel = (tuple(n for n in names if n in there) for names in (data.classes, data.novel))
        # A single cache must have all that are named; training_split says so.
        own = replace(data, classes=classes, novel=novel) if len(caches) > 1 else data
        split = training_split(cache, own)
        unique = sum(other.path.stem == cache.path.stem for other in caches) == 1
        name = cache.path.stem if unique else cache.path.as_posix()
        domains.append(Domain(name, cache, _with_episodes(cache, split, task) if task else split))
    _check_apart(domains, data.novel)
    found = {*in_one_spelling(label for domain in domains for label in domain.split.classes)}
    there = Names(found)
    return domains, tuple(there.spelt(name) for name in data.classes or sorted(found) if name in there)


def with_unlabelled_of(domains: Sequence[Domain], novel: Sequence[str] = ()) -> list[Domain]:
    """The domains with those unlabelled clips in their splits that a network may learn from.

    Left out are clips without a face, copies of clips that any domain measures, and clips of subjects (by
    name and source) whom any domain measures.
    """
    crops, subjects = _measured(domains, novel)
    found = []
    for domain in domains:
        clips, split = domain.cache.clips, domain.split
        kept = tuple(
            i
            for i in split.unlabelled
            if clips[i].n_faces
            and clips[i].crops_hash not in crops
            and (clips[i].subject is None or person_key(clips[i]) not in subjects)
        )
        note = f"{split.note}; {len(kept)} clips without a label"
        if left_out := len(split.unlabelled) - len(kept):
            note += f", {left_out} more without a face, or of what is measured, are not used"
        found.append(replace(domain, split=replace(split, unlabelled=kept, note=note)))
    return found


def _measured(domains: Sequence[Domain], novel: Sequence[str]) -> tuple[set[str], set[tuple[str, str]]]:
    """Hashes of the crops, and the subjects, of all clips that the domains measure."""
    novel = Names(novel)
    measured = [domain.cache.clips[i] for domain in domains for i in (*domain.split.val, *domain.split.test)]
    for domain in domains:
        measured += [clip for clip in domain.cache.clips if is_labelled(clip) and clip.label in novel]
    crops = {clip.crops_hash for clip in measured if clip.n_faces}
    return crops, {person_key(clip) for clip in measured if clip.subject is not None}


def _check_caches(caches: Sequence[CropCache], data: DataSettings) -> None:
    first = caches[0]
    for place, cache in enumerate(caches):
        if cache.content_hash in [other.content_hash for other in caches[:place]]:
            raise SettingError(f"--cache {cache.path}: it is the same as another one; name each cache once")
        if cache.size_px != first.size_px:
            raise CacheError(
                f"{cache.path} has crops of {cache.size_px} px and {first.path} of {first.size_px} px; "
                f"build one of them again with the crop size of the other"
            )
    if data.fold is not None and len(caches) > 1:
        raise SettingError(f"--data.fold {data.fold}: only a single cache has folds; name one --cache")
    if len(caches) == 1:
        return
    found = {label for cache in caches for label in class_counts(cache)}
    there = Names(found)
    for option, names in (("classes", data.classes), ("novel", data.novel)):
        for name in names:
            if name not in there:
                raise SettingError(
                    f"--data.{option} {name}: no clip has this label in "
                    f"{', '.join(str(cache.path) for cache in caches)}; there are {', '.join(sorted(found))}"
                )
    for cache in caches:
        here = Names(class_counts(cache))
        if data.classes and not any(name in here for name in data.classes):
            raise SettingError(
                f"--cache {cache.path}: it has no clip of {', '.join(data.classes)}; leave it out, or name "
                f"some of its classes with --data.classes: {', '.join(class_counts(cache))}"
            )


def _with_episodes(cache: CropCache, split: ClipSplit, task: EpisodeSettings) -> ClipSplit:
    """The split with only those classes that have enough training clips for an episode."""
    need = task.shots + task.queries
    counts = np.bincount(labels_of(cache, split.train, split.classes), minlength=len(split.classes))
    kept = tuple(name for name, count in zip(split.classes, counts) if count >= need)
    if len(kept) < task.ways:
        found = ", ".join(f"{name} {count}" for name, count in zip(split.classes, counts))
        raise DataError(
            f"{task.ways}-way {task.shots}-shot episodes with {counted(task.queries, 'query', 'queries')} "
            f"need {task.ways} classes with {need} training clips each, and {cache.path} has {len(kept)} "
            f"({found}); lower --episodes.ways or --episodes.queries, or leave this cache out"
        )
    if len(kept) == len(split.classes):
        return split
    names = Names(kept)
    parts = {
        part: tuple(i for i in getattr(split, part) if cache.clips[i].label in names)
        for part in ("train", "val", "test")
    }
    few = ", ".join(f"{name} {count}" for name, count in zip(split.classes, counts) if name not in kept)
    return replace(
        split, **parts, classes=kept, note=f"{split.note}; classes with fewer than {need} left out: {few}"
    )


def _check_apart(domains: Sequence[Domain], novel: Sequence[str]) -> None:
    """Raise a DataError if one domain trains on a clip or a subject that another domain measures."""
    novel = Names(novel)
    for domain in domains:
        clips = domain.cache.clips
        measured = [clips[i] for i in (*domain.split.val, *domain.split.test)]
        measured += [clip for clip in clips if clip.label in novel]
        crops = {clip.crops_hash for clip in measured if clip.n_faces}
        subjects = {person_key(clip) for clip in measured if clip.subject is not None}
        for other in domains:
            for i in other.split.train if other is not domain else ():
                clip = other.cache.clips[i]
                if clip.crops_hash in crops:
                    raise DataError(
                        f"clip '{clip.id}' of {other.cache.path} is a training clip, but {domain.cache.path} "
                        f"measures the same crops; leave out one of the two caches"
                    )
                if clip.subject is not None and person_key(clip) in subjects:
                    raise DataError(
                        f"subject '{clip.subject}' of {other.cache.path} is in training clips, but "
                        f"{domain.cache.path} measures the same subject; leave out one of the two caches, "
                        f"or, if they are two people, rename one of them with `vidfer relabel`"
                    )
