"""CK+: posed expressions from neutral to their peak (Lucey et al., CVPR workshops 2010)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from vidfer.clips.about import About
from vidfer.clips.clip import Clip
from vidfer.clips.labels import is_expression, numbered_label
from vidfer.clips.listing import absent_clips, check_folder, check_part, clip_id, nothing_found, wrong_root
from vidfer.clips.media import visible
from vidfer.errors import VidferError

ABOUT = About(
    layout="cohn-kanade-images/S005/001/*.png, Emotion/S005/001/*_emotion.txt",
    labels="Emotion/ (1 angry, 2 contempt, 3 disgust, 4 fear, 5 happy, 6 sad, 7 surprise)",
    size="593 sequences of 123 people, 327 of them (118 people) labelled",
    licence="on signed request from its authors, research only, not to be passed on",
    parts="ckplus:1 to ckplus:10 hold out one of ten person-independent folds as test",
)

LABELS = {1: "angry", 2: "contempt", 3: "disgust", 4: "fear", 5: "happy", 6: "sad", 7: "surprise"}

FOLDS = 10

IMAGES, EMOTIONS = "cohn-kanade-images", "Emotion"

ARCHIVES = {IMAGES: "extended-cohn-kanade-images", EMOTIONS: "Emotion_labels"}
"""What is unpacked into each; some tools make a folder of this name around it."""

LOOKED_FOR = f"{IMAGES}/ and {EMOTIONS}/ of CK+"


def ckplus(root: Path, part: str | None = None) -> list[Clip]:
    """Sequences of CK+, each a folder of frames, with the subject; about half of them have a label.

    Each sequence starts neutral and ends at the peak. Sequences without an emotion file are unlabelled.
    There is no official split. With ``part`` 1 to 10 the subjects of that fold (see :func:`ckplus_folds`)
    are ``test`` and all others ``train``, and their unlabelled sequences ``unlabelled``.

    Raises:
        VidferError: images or emotions are missing, one level too high or too low, an emotion file that
            cannot be read or whose sequence is absent, another edition.
    """
    check_part("ckplus", part, [str(fold) for fold in range(1, FOLDS + 1)])
    check_folder(root, LOOKED_FOR)
    if not _is_root(root):
        raise _another_edition(root) or wrong_root(root, _is_root, LOOKED_FOR)
    for name, archive in ARCHIVES.items():
        if _find(root, name) is None:
            raise VidferError(f"{root} lacks the folder {name}/; unpack CK+'s {archive}.zip there")
    images, emotions = _find(root, IMAGES), _find(root, EMOTIONS)
    labels = {
        (file.parent.parent.name, file.parent.name): numbered_label(
            file.read_text(encoding="utf-8", errors="replace"), LABELS, str(file)
        )
        for file in sorted(emotions.glob("*/*/*_emotion.txt"))
    }
    if not labels:
        raise VidferError(f"{emotions} holds no S*/*/*_emotion.txt; unpack CK+'s Emotion_labels.zip again")
    sequences = [
        folder
        for subject in visible(images)
        if subject.is_dir()
        for folder in visible(subject)
        if folder.is_dir()
    ]
    if not sequences:
        raise nothing_found(images, "folders of frames such as S005/001/")
    absent = sorted(labels.keys() - {(path.parent.name, path.name) for path in sequences})
    if absent:
        missing = [images / subject / number for subject, number in absent]
        raise absent_clips(missing, len(labels), emotions, "unpack all of CK+'s images")
    clips = [
        Clip(
            id=clip_id(path, root),
            path=path,
            label=labels.get((path.parent.name, path.name)),
            subject=path.parent.name,
            source="ckplus",
        )
        for path in sequences
    ]
    return clips if part is None else _hold_out(clips, int(part))


def ckplus_folds(subjects: Iterable[str]) -> dict[str, int]:
    """The fold, 1 to 10, of each subject: in ascending order by turns, as the literature on CK+ divides it.

    So fold 1 has the 1st, 11th, 21st ... subject. Only subjects with a labelled sequence count (118).
    """
    return {subject: 1 + place % FOLDS for place, subject in enumerate(sorted(set(subjects)))}


def _hold_out(clips: list[Clip], fold: int) -> list[Clip]:
    folds = ckplus_folds(clip.subject for clip in clips if clip.label)
    return [
        replace(
            clip,
            split="test" if folds.get(clip.subject) == fold else "train" if clip.label else "unlabelled",
        )
        for clip in clips
    ]


def _is_root(folder: Path) -> bool:
    return any(_find(folder, name) is not None for name in ARCHIVES)


def _find(root: Path, name: str) -> Path | None:
    places = (root / name, root / ARCHIVES[name] / name)
    return next((place for place in places if place.is_dir()), None)


def _another_edition(root: Path) -> VidferError | None:
    """The error for CK+48 and the like, which carry cropped peak frames in label folders."""
    if not any(path.is_dir() and is_expression(path.name) for path in visible(root)):
        return None
    return VidferError(
        f"{root} holds label folders, so it is a derived edition such as CK+48, without sequences; "
        f"read it with --src folder, or give the folder that holds {LOOKED_FOR}"
    )
