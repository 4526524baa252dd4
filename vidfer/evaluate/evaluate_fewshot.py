"""Few-shot accuracy on the novel classes of a cache, from model and cache to a result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict

import numpy as np
import torch
from torch import nn

from vidfer.data.dataset import ClipDataset
from vidfer.data.loader import build_loader
from vidfer.data.splits import labels_of, novel_clips, subjects_of
from vidfer.errors import VidferError
from vidfer.evaluate.episode_scores import EpisodeScores, check_transductive
from vidfer.evaluate.fewshot import FewShotResult, fewshot_accuracy
from vidfer.evaluate.result import ANYBODY, OTHER_PEOPLE, Result, describe_clips
from vidfer.infer.embed import embed_clips
from vidfer.models.recogniser import Recogniser
from vidfer.store.reader import CropCache


def evaluate_fewshot(
    recogniser: Recogniser,
    cache: CropCache,
    novel: Sequence[str],
    clips: Sequence[int] | None = None,
    *,
    ways: int,
    shots: int,
    queries: int,
    episodes: int,
    seed: int,
    n_frames: int,
    checkpoint_hash: str,
    head: nn.Module | None = None,
    split: str | None = None,
    curve_shots: Sequence[int] = (),
    transductive: bool = False,
    other_people: bool = False,
    device: torch.device | str = "cpu",
    batch_size: int = 16,
    workers: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Result:
    """N-way K-shot accuracy over clips of classes that the model was never trained on; each clip is embedded
    once.

    Args:
        recogniser: on ``device``; its classes are the base classes.
        cache: an open crop cache.
        novel: names of the novel classes; none may be a base class.
        clips: indices into the cache of labelled clips of these classes; None takes those of ``split``.
        ways, shots, queries, episodes, seed: of the episodes; queries are per class.
        n_frames: evenly spaced frames looked at in each clip.
        checkpoint_hash: of the model, for the result.
        head: few-shot head to use instead of the recogniser's own.
        split: clips of this official split only; None takes all labelled clips of the novel classes. With
            ``clips``, only the name that the result gives them.
        curve_shots: also measure with these numbers of shots, for the curve of accuracy against shots.
        transductive: judge the queries of an episode together instead of one by one.
        other_people: no query is of a person who is among the examples of its episode.
        device: where the model is, and where episodes are computed.
        batch_size, workers: of the loader; they do not change the result.
        progress: called with the number of batches done and the number of all.

    Raises:
        VidferError: no head, or one without transductive inference where that is asked for; a class that is
            base and novel, an unknown class, or too few clips for an episode; people that are not known where
            queries are to be of others.
    """
    head = head if head is not None else recogniser.head
    if head is None:
        raise VidferError(
            "this checkpoint has no few-shot head; choose the prototype head, which needs no training"
        )
    classes = tuple(novel)
    if transductive:
        check_transductive(head)
        if other_people:
            raise VidferError(
                "--transductive with --other-people: how sure such a figure is, is not known; ask one of both"
            )
    if clips is None:
        clips = novel_clips(cache, classes, base=recogniser.classes, split=split)
    if len(clips) == 0:
        raise VidferError(f"no clip of {', '.join(classes)} in split '{split}' of {cache.path}")
    labels = labels_of(cache, clips, classes)
    others_than = subjects_of(cache, clips) if other_people else None
    loader = build_loader(ClipDataset(cache.path, clips, n_frames=n_frames), batch_size, workers=workers)
    embedding, has_face = embed_clips(recogniser, loader, device, progress, maps=head.compares_maps)

    records = [cache.clips[i] for i in clips]
    about = describe_clips(records, has_face)
    people = None if about["n_subjects"] is None else [record.subject for record in records]
    scores = EpisodeScores(head, embedding, device, transductive=transductive)

    def measure(k: int) -> FewShotResult:
        return fewshot_accuracy(
            scores,
            labels,
            has_face,
            classes,
            ways=ways,
            shots=k,
            queries=queries,
            episodes=episodes,
            seed=seed,
            people=others_than,
            source=cache.path,
        )

    found = measure(shots)
    curve = []
    for k in sorted({*curve_shots, shots} if curve_shots else ()):
        with_k = found if k == shots else measure(k)
        at_k, beyond = with_k.over_episodes(), asdict(with_k.over_clips(people))
        curve.append(
            {"shots": k, "mean": at_k.mean, "low": at_k.low, "high": at_k.high, "episodes": at_k.n}
            | {"beyond": beyond}
        )

    measures = {"accuracy": found.over_episodes(), "accuracy over clips": found.over_clips()}
    if people is not None:
        measures["accuracy over subjects"] = found.over_clips(people)
    note = ""
    if never_asked := int((found.asked == 0).sum()):
        note = f"{never_asked} clips were never asked for; take more episodes"
        note += ", or fewer shots, if their people are always among the examples" if other_people else ""
    return Result(
        kind="few-shot",
        measures=measures,
        chance=1 / ways,
        seed=seed,
        split=split or "all",
        classes=classes,
        **about,
        cache=cache.path.name,
        cache_hash=cache.content_hash,
        checkpoint_hash=checkpoint_hash,
        protocol={
            "ways": ways,
            "shots": shots,
            "queries": queries,
            "queries_of": OTHER_PEOPLE if other_people else ANYBODY,
            "episodes": episodes,
            "episodes_hash": found.episodes.hash([record.id for record in records]),
            "head": type(head).__name__,
            "inference": "transductive" if transductive else "inductive",
            "n_frames": n_frames,
        },
        per_class=_per_class(found),
        confusion=found.confusion.tolist(),
        rows=[
            {
                "clip": record.id,
                "subject": record.subject,
                "label": record.label,
                "has_face": bool(has_face[i]),
                "asked": int(found.asked[i]),
                "accuracy": None if np.isnan(found.clip_accuracy[i]) else float(found.clip_accuracy[i]),
                "confused_with": found.confused_with(i),
                "answers": found.answers_about(i),
                "on_others": [round(float(value), 6) for value in found.on_others[i]],
            }
            for i, record in enumerate(records)
        ],
        curve=curve,
        same_person=None if people is None or other_people else found.same_person(people),
        note=note,
    )


def _per_class(found: FewShotResult) -> list[dict]:
    confusion = found.confusion
    return [
        {
            "class": name,
            "clips": int((found.labels == k).sum()),
            "asked": int(confusion[k].sum()),
            "accuracy": float(confusion[k, k] / confusion[k].sum()) if confusion[k].any() else None,
            "without_face": int(confusion[k, -1]),
        }
        for k, name in enumerate(found.classes)
    ]
