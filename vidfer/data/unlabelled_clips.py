"""Choose the clips that a teacher labels."""

from __future__ import annotations

from dataclasses import replace

from vidfer.data.clip_labels import person_key
from vidfer.data.splits import ClipSplit, novel_clips
from vidfer.data.training_split import crops_of
from vidfer.errors import CacheError, DataError
from vidfer.names import Names, other_spellings, spelling_note
from vidfer.store.reader import CropCache


def with_unlabelled(
    split: ClipSplit, cache: CropCache, other: CropCache | None = None, novel: tuple[str, ...] = ()
) -> ClipSplit:
    """The split with the clips that the teacher labels: those of its own cache, or of another cache.

    Of its own cache these are the unlabelled clips. Of another cache these are all clips except val and test,
    clips with a novel label, and clips of a subject (by name and source) that ``cache`` measures. Copies of
    clips that ``cache`` measures are left out in any case.

    Raises:
        DataError: there is no such clip.
        CacheError: the other cache has crops of another size.
    """
    measured = (*split.val, *split.test, *(novel_clips(cache, novel) if novel else ()))
    crops = crops_of(cache, measured)
    if other is None:
        path, note = cache.path, split.note
        clips = tuple(i for i in split.unlabelled if cache.clips[i].crops_hash not in crops)
        if copies := len(split.unlabelled) - len(clips):
            note += f"; {copies} unlabelled clips are copies of measured clips and not used"
    else:
        path, note = other.path, split.note
        if other.size_px != cache.size_px:
            raise CacheError(
                f"{other.path} has crops of {other.size_px} px and {cache.path} of {cache.size_px} px; "
                f"build one of them again with the crop size of the other"
            )
        measured_clips = [cache.clips[i] for i in measured]
        subjects = {person_key(clip) for clip in measured_clips if clip.subject is not None}
        novel_names = Names(novel)
        clips = tuple(
            i
            for i, clip in enumerate(other.clips)
            if clip.split not in ("val", "test")
            and clip.label not in novel_names
            and clip.crops_hash not in crops
            and (clip.subject is None or person_key(clip) not in subjects)
        )
        if len(clips) < len(other):
            note += f"; {len(other) - len(clips)} clips of {other.path.name} are measured and not used"
        if met := _spellings_that_meet(cache, other):
            note += f"; {spelling_note('subject', met)} in {cache.path.name} and {other.path.name}"
    if not clips:
        raise DataError(f"{path} has no unlabelled clips; name a cache that has some with --unlabelled")
    return replace(split, unlabelled=clips, note=note)


def _spellings_that_meet(cache: CropCache, other: CropCache) -> dict[str, str]:
    """Other spellings of subjects in one of two caches, for data sets that both hold clips of."""
    sources = {clip.source for clip in cache.clips} & {clip.source for clip in other.clips}
    return other_spellings(c.subject for c in (*cache.clips, *other.clips) if c.source in sources)
