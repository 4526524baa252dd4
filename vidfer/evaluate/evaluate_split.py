"""Classification of a split of a cache, from model and cache to a result."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from vidfer.data.clip_labels import class_counts, labels_of
from vidfer.data.dataset import ClipDataset
from vidfer.data.loader import build_loader
from vidfer.errors import CheckpointError, DataError, SettingError
from vidfer.evaluate.classify import classify
from vidfer.evaluate.eval_protocol import EvalProtocol, protocol_record
from vidfer.evaluate.eval_request import eval_request
from vidfer.evaluate.result import Result, describe_clips
from vidfer.infer.features import feature_clips
from vidfer.infer.iterate import iterate_batches
from vidfer.infer.predict import predict
from vidfer.models.late_fusion import FusedRecogniser
from vidfer.models.recogniser import Recogniser
from vidfer.names import Names
from vidfer.runs.joint_provenance import JointProvenance
from vidfer.runs.provenance import Provenance
from vidfer.store.reader import CropCache


def clips_of_split(cache: CropCache, split: str, classes: Sequence[str]) -> tuple[list[int], int]:
    """The clips of an official split, or of ``all`` that are not unlabelled, that have one of these classes.

    Returns:
        Their positions in the cache, and how many clips of other classes or without a label are left out.
    """
    there = [
        i
        for i, c in enumerate(cache.clips)
        if c.split == split or (split == "all" and c.split != "unlabelled")
    ]
    known = Names(classes)
    clips = [i for i in there if cache.clips[i].label in known]
    return clips, len(there) - len(clips)


def evaluate_split(
    recogniser: Recogniser | FusedRecogniser,
    cache: CropCache,
    protocol: EvalProtocol,
    clips: Sequence[int] | None = None,
    *,
    n_frames: int,
    checkpoint_hash: str,
    base_classes: Sequence[str] = (),
    provenance: Provenance | JointProvenance | None = None,
    device: torch.device | str = "cpu",
    batch_size: int = 16,
    workers: int = 0,
    progress: Callable[[int, int], None] | None = None,
    keep_features: bool = False,
) -> Result:
    """WAR, UAR, confusion and a row per clip.

    Args:
        recogniser: with a classifier, on ``device``; its classes are those to tell apart.
        cache: an open crop cache.
        protocol: ``split`` names the official split, or ``all`` for all clips that are not unlabelled. With
            ``clips``, it is only the name that the result gives them. ``seed`` is of the bootstrap.
        clips: positions in the cache, for a split that a run made itself; all of the recogniser's classes.
        n_frames: evenly spaced frames of each clip that the network sees.
        checkpoint_hash: of the model, for the result.
        base_classes: all classes that the network was ever trained on, for the result.
        provenance: what the run folder knows of the clips, for the result.
        device: where the model is.
        batch_size, workers: of the loader; they do not change the result.
        progress: called with the number of batches done and the number of all batches.
        keep_features: the encoder was frozen in training, so its vectors are kept beside the cache, for the
            next checkpoint with the same one.

    Raises:
        CheckpointError: the recogniser has no classifier, or gives no finite numbers.
        SettingError: the split has no labels.
        DataError: there is no clip of the recogniser's classes.
    """
    split, seed = protocol.split, protocol.seed
    classes = recogniser.classes
    if recogniser.classifier is None:
        raise CheckpointError(
            "this checkpoint has no classifier; evaluate it few-shot, or train one with supervised.py"
        )
    notes = []
    if clips is None:
        if split == "unlabelled":
            raise SettingError(
                "--split unlabelled: its clips have no labels to compare with; name train, val or test"
            )
        clips, left_out = clips_of_split(cache, split, classes)
        if left_out:
            of = "" if split == "all" else f" of the split {split}"
            notes.append(
                f"{left_out} clips{of} are left out: they have no label, or a class that the checkpoint "
                "does not know"
            )
    if len(clips) == 0:
        counts = ", ".join(f"{name} {count}" for name, count in class_counts(cache).items()) or "none"
        raise DataError(
            f"no clip of split '{split}' and classes {', '.join(classes)}; labelled clips in all splits of "
            f"{cache.path}: {counts}; name another {'cache' if split == 'all' else 'split (`all` takes all)'}"
        )
    clips = sorted(clips)
    labels = labels_of(cache, clips, classes)
    absent = [name for k, name in enumerate(classes) if not (labels == k).any()]
    if absent:
        notes.append(f"UAR is over the classes that have clips; none of {', '.join(absent)}")

    shown = ClipDataset(cache.path, clips, n_frames=n_frames)
    if keep_features:
        shown = feature_clips(recogniser, shown, device, workers=workers, progress=progress)
    loader = build_loader(shown, batch_size, workers=workers)
    found = predict(recogniser, iterate_batches(loader, device, progress))
    records = [cache.clips[i] for i in clips]
    about = describe_clips(records, found.has_face)
    subjects = None if about["n_subjects"] is None else [record.subject for record in records]
    classified = classify(found.probabilities, labels, found.has_face, classes, subjects=subjects, seed=seed)
    names = (*classes, None)
    return Result(
        kind="classification",
        measures=classified.measures,
        chance=1 / len(classes),
        seed=seed,
        split=split,
        classes=classes,
        **about,
        cache=cache.path.name,
        cache_hash=cache.content_hash,
        checkpoint_hash=checkpoint_hash,
        protocol=protocol_record(
            protocol,
            n_frames=n_frames,
            request=eval_request("classification", protocol),
            base_classes=tuple(base_classes),
            origin=None if provenance is None else provenance.record(cache, clips),
        ),
        per_class=[
            {
                "class": name,
                "clips": int(row.sum()),
                "n_queries": int(row.sum()),
                "accuracy": None if np.isnan(recall) else float(recall),
                "without_face": int(row[-1]),
            }
            for name, row, recall in zip(classes, classified.confusion, classified.recall)
        ],
        confusion=classified.confusion.tolist(),
        rows=[
            {
                "clip": record.id,
                "subject": record.subject,
                "label": classes[labels[i]],
                "has_face": bool(found.has_face[i]),
                "n_queries": 1,
                "accuracy": float(classified.correct[i]),
                "predicted": names[classified.predicted[i]],
                "probability": round(float(classified.probability[i]), 6),
            }
            for i, record in enumerate(records)
        ],
        note="; ".join(
            [
                *notes,
                *([] if provenance is None else provenance.warnings_about(cache, clips)),
                *cache.spelling_notes,
            ]
        ),
    )
