"""Few-shot accuracy on the novel classes of a cache, from model and cache to a result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

import numpy as np
import torch

from vidfer.data.clip_labels import labels_of, subjects_of
from vidfer.data.dataset import ClipDataset
from vidfer.data.loader import build_loader
from vidfer.data.splits import novel_clips
from vidfer.errors import CheckpointError, DataError
from vidfer.evaluate.episode_scores import EpisodeScores, check_transductive
from vidfer.evaluate.eval_protocol import EvalProtocol, protocol_record
from vidfer.evaluate.eval_request import eval_request
from vidfer.evaluate.fewshot import FewShotAnswers, fewshot_answers
from vidfer.evaluate.result import Result, describe_clips
from vidfer.infer.embed import embed_clips
from vidfer.infer.features import feature_clips
from vidfer.models.late_fusion import FusedRecogniser
from vidfer.models.recogniser import Recogniser
from vidfer.runs.joint_provenance import JointProvenance
from vidfer.runs.provenance import Provenance
from vidfer.store.reader import CropCache
from vidfer.store.records import CachedClip


def evaluate_fewshot(
    recogniser: Recogniser | FusedRecogniser,
    cache: CropCache,
    protocol: EvalProtocol,
    clips: Sequence[int] | None = None,
    *,
    split: str | None = None,
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
    """N-way K-shot accuracy over clips of classes that the model was never trained on.

    Args:
        recogniser: on ``device``; its classes are the base classes.
        cache: an open crop cache.
        protocol: names the novel classes, none of them a base class, and the episodes.
        clips: positions in the cache of labelled clips of these classes; None takes those of ``split``.
        split: clips of this official split only; None takes all labelled clips of the novel classes. With
            ``clips``, only the name that the result gives them.
        n_frames: evenly spaced frames of each clip that the network sees.
        checkpoint_hash: of the model, for the result.
        base_classes: all classes that the network was ever trained on, for the result.
        provenance: what the run folder knows of the clips, for the result.
        device: where the model is, and where episodes are scored.
        batch_size, workers: of the loader; they do not change the result.
        progress: called with the number of batches done and the number of all batches.
        keep_features: the encoder was frozen in training, so its vectors are kept beside the cache, for the
            next checkpoint with the same one.

    Raises:
        CheckpointError: the model has no few-shot head, or it gives no finite numbers.
        SettingError: the head has no transductive inference; a class is base and novel, or unknown.
        DataError: too few clips, or subjects that are not known.
    """
    head = recogniser.prototype_head() if protocol.head == "prototype" else recogniser.head
    if head is None:
        raise CheckpointError(
            "this checkpoint has no few-shot head; --head prototype needs none, and no training"
        )
    classes = tuple(protocol.novel)
    if protocol.transductive:
        check_transductive(head)
    if clips is None:
        known = () if protocol.allow_seen else recogniser.classes
        clips = novel_clips(cache, classes, base=known, split=split)
    if len(clips) == 0:
        raise DataError(f"no clip of {', '.join(classes)} in split '{split}' of {cache.path}")
    labels = labels_of(cache, clips, classes)
    if protocol.person_disjoint:
        subjects_of(cache, clips)  # refuses clips without a subject before the network starts
    shown = ClipDataset(cache.path, clips, n_frames=n_frames)
    if keep_features and not head.compares_maps:
        shown = feature_clips(recogniser, shown, device, workers=workers, progress=progress)
    loader = build_loader(shown, batch_size, workers=workers)
    embedding, has_face = embed_clips(recogniser, loader, device, progress, maps=head.compares_maps)

    records = [cache.clips[i] for i in clips]
    about = describe_clips(records, has_face)
    subjects = None if about["n_subjects"] is None else [record.subject for record in records]
    scores = EpisodeScores(head, embedding, device, transductive=protocol.transductive)
    by_shots = {
        shots: fewshot_answers(
            scores,
            labels,
            has_face,
            classes,
            replace(protocol, shots=shots),
            subjects=subjects,
            source=cache.path,
        )
        for shots in dict.fromkeys((protocol.shots, *sorted(protocol.curve)))
    }
    found = by_shots[protocol.shots]
    measures = {"accuracy": found.over_episodes(), "accuracy over clips": found.over_clips()}
    if subjects is not None:
        measures["accuracy over subjects"] = found.over_clips(subjects)
    return Result(
        kind="few-shot",
        measures=measures,
        chance=1 / protocol.ways,
        seed=protocol.seed,
        split=split or "all",
        classes=classes,
        **about,
        cache=cache.path.name,
        cache_hash=cache.content_hash,
        checkpoint_hash=checkpoint_hash,
        protocol=protocol_record(
            protocol,
            n_frames=n_frames,
            request=eval_request("fewshot", protocol),
            base_classes=tuple(base_classes),
            seen=recogniser.seen.among(classes),
            origin=None if provenance is None else provenance.record(cache, clips),
            head=type(head).__name__,
            episodes_hash=found.episodes.hash([record.id for record in records]),
        ),
        per_class=_per_class(found),
        confusion=found.confusion.tolist(),
        rows=_rows(found, records),
        curve=_curve(by_shots, subjects) if protocol.curve else [],
        identity_overlap=(
            None if subjects is None or protocol.person_disjoint else found.identity_overlap(subjects)
        ),
        note="; ".join(
            [
                *_never_queries(found, protocol),
                *recogniser.seen.warnings(),
                *([] if provenance is None else provenance.warnings_about(cache, clips)),
                *cache.spelling_notes,
            ]
        ),
    )


def _rows(found: FewShotAnswers, records: Sequence[CachedClip]) -> list[dict]:
    return [
        {
            "clip": record.id,
            "subject": record.subject,
            "label": found.classes[found.labels[i]],
            "has_face": bool(found.has_face[i]),
            "n_queries": int(found.n_queries[i]),
            "accuracy": None if np.isnan(found.clip_accuracy[i]) else float(found.clip_accuracy[i]),
            "confused_with": found.confused_with(i),
            "answers": found.answers_about(i),
            "jackknife_influence": [round(float(value), 6) for value in found.influence[i]],
        }
        for i, record in enumerate(records)
    ]


def _per_class(found: FewShotAnswers) -> list[dict]:
    confusion = found.confusion
    return [
        {
            "class": name,
            "clips": int((found.labels == k).sum()),
            "n_queries": int(confusion[k].sum()),
            "accuracy": float(confusion[k, k] / confusion[k].sum()) if confusion[k].any() else None,
            "without_face": int(confusion[k, -1]),
        }
        for k, name in enumerate(found.classes)
    ]


def _curve(by_shots: dict[int, FewShotAnswers], subjects: Sequence[str] | None) -> list[dict]:
    curve = []
    for shots in sorted(by_shots):
        over = by_shots[shots].over_episodes()
        curve.append(
            {
                "shots": shots,
                "mean": over.mean,
                "low": over.low,
                "high": over.high,
                "episodes": over.n,
                "over_clips": asdict(by_shots[shots].over_clips(subjects)),
            }
        )
    return curve


def _never_queries(found: FewShotAnswers, protocol: EvalProtocol) -> list[str]:
    never = int((found.n_queries == 0).sum())
    if not never:
        return []
    fewer = (
        ", or fewer shots, if their subjects are always in the support" if protocol.person_disjoint else ""
    )
    clips = "clip was" if never == 1 else "clips were"
    return [f"{never} {clips} never a query; take more episodes{fewer}"]
