"""CK+: posed expressions from neutral to their peak (Lucey et al., CVPR workshops 2010)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from vidfer.clips.clip import Clip, clip_id
from vidfer.clips.labels import is_expression, label_of_number
from vidfer.clips.media import list_folder
from vidfer.clips.root_checks import check_folder, check_part, missing_clips, nothing_found, wrong_root
from vidfer.clips.source import Source
from vidfer.errors import DataError

LABELS = {1: "angry", 2: "contempt", 3: "disgust", 4: "fear", 5: "happy", 6: "sad", 7: "surprise"}

N_FOLDS = 10

IMAGES, EMOTIONS = "cohn-kanade-images", "Emotion"

ARCHIVES = {IMAGES: "extended-cohn-kanade-images", EMOTIONS: "Emotion_labels"}
"""The zip that holds each folder. Some programs unpack it into a folder with the name of the zip."""

LAYOUT = f"{IMAGES}/ and {EMOTIONS}/ of CK+"


def find_ckplus(root: Path, part: str | None = None) -> list[Clip]:
    """Lists the sequences of CK+, each a folder of frames, with the subject.

    Each sequence starts neutral and ends at the peak of the expression. About half of them have a file with
    their emotion; the others are unlabelled. There is no official split. With a part from 1 to 10, the
    subjects of this fold (see :func:`ckplus_folds`) are ``test``, all others ``train``, and their unlabelled
    sequences ``unlabelled``.

    Raises:
        SettingError: there is no such part.
        DataError: the root is wrong, or of another edition; images or emotions are missing, or an emotion
            cannot be read.
    """
    check_part("ckplus", part, [str(fold) for fold in range(1, N_FOLDS + 1)])
    check_folder(root, LAYOUT)
    if not _is_root(root):
        raise _another_edition(root) or wrong_root(root, _is_root, LAYOUT)
    for name, archive in ARCHIVES.items():
        if _find_folder(root, name) is None:
            raise DataError(f"{root} has no folder {name}/; unpack CK+'s {archive}.zip there")
    images = _find_folder(root, IMAGES)
    labels = _read_emotions(_find_folder(root, EMOTIONS))
    subjects = [folder for folder in list_folder(images) if folder.is_dir()]
    sequences = [folder for subject in subjects for folder in list_folder(subject) if folder.is_dir()]
    if not sequences:
        raise nothing_found(images, "folders of frames such as S005/001/")
    missing = sorted(labels.keys() - {(path.parent.name, path.name) for path in sequences})
    if missing:
        paths = [images / subject / number for subject, number in missing]
        raise missing_clips(paths, len(labels), _find_folder(root, EMOTIONS), "Unpack all of CK+'s images")
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
    return clips if part is None else _with_test_fold(clips, int(part))


def ckplus_folds(subjects: Iterable[str]) -> dict[str, int]:
    """The fold of each subject, 1 to 10, as the literature on CK+ divides it.

    The subjects in ascending order go to the folds in turn: fold 1 has the 1st, 11th, 21st ... subject.

    Args:
        subjects: the 118 subjects with at least one labelled sequence; repeated ones count once.
    """
    return {subject: 1 + place % N_FOLDS for place, subject in enumerate(sorted(set(subjects)))}


def _with_test_fold(clips: list[Clip], fold: int) -> list[Clip]:
    folds = ckplus_folds(clip.subject for clip in clips if clip.label)

    def split_of(clip: Clip) -> str:
        if folds.get(clip.subject) == fold:
            return "test"
        return "train" if clip.label else "unlabelled"

    return [replace(clip, split=split_of(clip)) for clip in clips]


def _read_emotions(folder: Path) -> dict[tuple[str, str], str]:
    """The label of each labelled sequence, by its subject and number."""
    labels = {
        (file.parent.parent.name, file.parent.name): label_of_number(
            file.read_text(encoding="utf-8", errors="replace"), LABELS, str(file)
        )
        for file in sorted(folder.glob("*/*/*_emotion.txt"))
    }
    if not labels:
        raise DataError(f"{folder} has no file S*/*/*_emotion.txt; unpack CK+'s Emotion_labels.zip again")
    return labels


def _is_root(folder: Path) -> bool:
    return any(_find_folder(folder, name) is not None for name in ARCHIVES)


def _find_folder(root: Path, name: str) -> Path | None:
    places = (root / name, root / ARCHIVES[name] / name)
    return next((place for place in places if place.is_dir()), None)


def _another_edition(root: Path) -> DataError | None:
    """The error for CK+48 and the like, which have only cropped peak frames, in label folders."""
    if not any(path.is_dir() and is_expression(path.name) for path in list_folder(root)):
        return None
    return DataError(
        f"{root} holds label folders, so it is an edition without sequences, such as CK+48; use --src "
        f"folder, or give the folder that holds {LAYOUT}"
    )


CKPLUS = Source(
    find=find_ckplus,
    layout="cohn-kanade-images/S005/001/*.png, Emotion/S005/001/*_emotion.txt",
    labels="Emotion/ (1 angry, 2 contempt, 3 disgust, 4 fear, 5 happy, 6 sad, 7 surprise)",
    size="593 sequences of 123 subjects, 327 of them (118 subjects) labelled",
    licence="on signed request from its authors, research only, not to be passed on",
    parts="ckplus:1 to ckplus:10 hold out one of ten person-disjoint folds as test",
    n_folds=N_FOLDS,
    marks=(IMAGES,),
)
