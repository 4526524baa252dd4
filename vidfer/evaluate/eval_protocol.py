"""How a checkpoint is measured: one record that the command builds and every step of an evaluation reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vidfer.errors import SettingError


@dataclass(frozen=True, kw_only=True)
class EvalProtocol:
    """How a checkpoint is measured."""

    split: Literal["train", "val", "test", "all"] = "test"
    """Which clips to classify, where the checkpoint has a classifier. In cross-validation these are the clips
    that the run held out; `all` takes all labelled clips of a cache that the run has not seen."""
    novel: tuple[str, ...] = ()
    """Classes that the checkpoint was never trained on; with them, few-shot accuracy is measured."""
    ways: int = 3
    """Few-shot: classes in an episode."""
    shots: int = 3
    """Few-shot: support clips of each class."""
    queries: int = 1
    """Few-shot: query clips of each class, which are to be recognised."""
    episodes: int = 600
    """Few-shot: number of episodes; --seed fixes which."""
    curve: tuple[int, ...] = ()
    """Few-shot: also measure with these numbers of shots, for the curve in the report."""
    head: Literal["trained", "prototype"] = "trained"
    """Few-shot: the checkpoint's own head, or the nearest mean of the clip embeddings."""
    transductive: bool = False
    """Few-shot: score the queries of an episode together, so that each helps the others; needs several
    queries. Do not compare such results with those of queries that are scored one by one."""
    person_disjoint: bool = False
    """Few-shot: query clips show other subjects than the support clips of their episode, so that recognising
    the person does not help. Needs a cache that names the subjects."""
    allow_seen: bool = False
    """Few-shot: measure novel classes whose labels the weights have seen, in training or before it. Such a
    result is no measure of unseen expressions, and says so."""
    frames: int | None = None
    """Frames of each clip that the network sees, evenly spaced; all frames (with a face) of a shorter clip.
    By default as many as the run was trained with."""
    seed: int = 0
    """Seed of the episodes and of the bootstrap."""

    def __post_init__(self) -> None:
        if self.frames is not None and self.frames < 1:
            raise SettingError(f"--frames {self.frames}: the network must see at least 1 frame of each clip")
        if self.seed < 0:
            raise SettingError(f"--seed {self.seed}: must be 0 or more")
        if self.transductive and self.person_disjoint:
            raise SettingError(
                "--transductive with --person-disjoint: no interval is known for this pair; leave one out"
            )


def protocol_record(
    protocol: EvalProtocol,
    *,
    n_frames: int,
    request: str,
    base_classes: tuple[str, ...] = (),
    seen: dict[str, str] | None = None,
    origin: dict | None = None,
    head: str | None = None,
    episodes_hash: str | None = None,
) -> dict[str, int | str | bool]:
    """What a result file says about how it was measured (:attr:`vidfer.evaluate.result.Result.protocol`).

    Args:
        protocol: of the evaluation.
        n_frames: frames of each clip that the network saw, at most.
        request: the options that the result depends on (:mod:`vidfer.evaluate.eval_request`).
        base_classes: all classes that the network was ever trained on; none where this is not known.
        seen: novel classes whose labels the weights have seen, and by whom.
        origin: what the run folder knows of the clips (:meth:`vidfer.runs.provenance.Provenance.record`).
        head: class of the few-shot head; None for a classification.
        episodes_hash: of the episodes; None for a classification.
    """
    few_shot = {}
    if head is not None:
        few_shot = {
            "ways": protocol.ways,
            "shots": protocol.shots,
            "queries": protocol.queries,
            "person_disjoint": protocol.person_disjoint,
            "episodes": protocol.episodes,
            "episodes_hash": episodes_hash,
            "head": head,
            "inference": "transductive" if protocol.transductive else "inductive",
        }
    record = few_shot | {"n_frames": n_frames} | (origin or {})
    if base_classes:
        record["base_classes"] = ", ".join(base_classes)
    if seen:
        record["seen_classes"] = ", ".join(f"{name} ({who})" for name, who in seen.items())
    return record | {"request": request}
