"""The episodes of one evaluation as arrays, with a hash that says which they were."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vidfer.data.episodes import EpisodeSampler
from vidfer.errors import VidferError
from vidfer.evaluate.result import OTHER_PEOPLE, Result


@dataclass(frozen=True)
class Episodes:
    """E episodes of N ways, K shots and Q queries; positions are into the clips that were sampled from."""

    support: np.ndarray
    """(E, N·K) positions, ordered by class."""
    query: np.ndarray
    """(E, N·Q) positions, ordered by class."""
    classes: np.ndarray
    """(E, N) class number behind each label."""

    def __len__(self) -> int:
        return len(self.support)

    @property
    def support_labels(self) -> np.ndarray:
        """(N·K,) 0..N-1, the same in every episode."""
        ways = self.classes.shape[1]
        return np.repeat(np.arange(ways), self.support.shape[1] // ways)

    def hash(self, clip_ids: Sequence[str]) -> str:
        """SHA-256 of every clip's id and every position: equal only for the same episodes of the same clips.

        Args:
            clip_ids: of the clips that the positions are into.
        """
        digest = hashlib.sha256("\0".join(clip_ids).encode())
        for positions in (self.support, self.query, self.classes):
            digest.update(str(positions.shape).encode())
            digest.update(np.ascontiguousarray(positions, dtype="<i8").tobytes())
        return digest.hexdigest()


def draw_episodes(sampler: EpisodeSampler) -> Episodes:
    """All episodes of a sampler."""
    drawn = list(sampler)
    return Episodes(
        *(np.stack([getattr(e, name) for e in drawn]) for name in ("support", "query", "classes"))
    )


def redraw(result: Result) -> Episodes:
    """The episodes of a few-shot result, drawn again from what the file says; positions are into its rows.

    Raises:
        VidferError: no few-shot result, pooled folds, or a draw with another ``episodes_hash``.
    """
    protocol = result.protocol
    if result.kind != "few-shot" or result.pooled:
        raise VidferError(
            f"episodes are of few-shot results of one evaluation, and this is {result.kind} of split "
            f"'{result.split}'; name a fewshot.json of `vidfer eval`"
        )
    number = {name: k for k, name in enumerate(result.classes)}
    episodes = draw_episodes(
        EpisodeSampler(
            [number[row["label"]] for row in result.rows],
            **{name: int(protocol[name]) for name in ("ways", "shots", "queries", "episodes")},
            seed=result.seed,
            has_face=[row["has_face"] for row in result.rows],
            subjects=[row["subject"] for row in result.rows] if result.queries_of == OTHER_PEOPLE else None,
            class_names=result.classes,
            source=result.cache,
        )
    )
    if episodes.hash([row["clip"] for row in result.rows]) != protocol.get("episodes_hash"):
        raise VidferError(
            f"the episodes of this result cannot be drawn again: it was made by vidfer "
            f"{result.vidfer_version}, perhaps with another NumPy; make it again with `vidfer eval`"
        )
    return episodes
