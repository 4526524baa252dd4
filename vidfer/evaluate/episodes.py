"""The episodes of one evaluation as arrays, with a hash that identifies them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vidfer.data.episodes import EpisodeSampler
from vidfer.errors import ResultError
from vidfer.evaluate.result import Result


@dataclass(frozen=True)
class Episodes:
    """E episodes of N ways, K shots and Q queries; positions are into the clips that were drawn from."""

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
        """SHA-256 over all clip ids and all positions; equal only for the same episodes of the same clips.

        Args:
            clip_ids: ids of the clips that the positions count.
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
    """Draw the episodes of a few-shot result again, from its file alone; positions are into its rows.

    Raises:
        ResultError: another kind of result, the result of all folds together, or episodes with another
            ``episodes_hash``.
    """
    protocol = result.protocol
    if result.kind != "few-shot" or result.pooled:
        raise ResultError(
            f"only the few-shot result of one evaluation has episodes, and this is a {result.kind} result of "
            f"split '{result.split}'; name a fewshot.json of `vidfer eval`"
        )
    number = {name: k for k, name in enumerate(result.classes)}
    episodes = draw_episodes(
        EpisodeSampler(
            [number[row["label"]] for row in result.rows],
            **{name: int(protocol[name]) for name in ("ways", "shots", "queries", "episodes")},
            seed=result.seed,
            has_face=[row["has_face"] for row in result.rows],
            subjects=[row["subject"] for row in result.rows] if result.person_disjoint else None,
            class_names=result.classes,
            source=result.cache,
        )
    )
    if episodes.hash([row["clip"] for row in result.rows]) != protocol.get("episodes_hash"):
        raise ResultError(
            f"the episodes of this result cannot be drawn again: episodes_hash differs. vidfer "
            f"{result.vidfer_version} made it, perhaps with another NumPy; make it again with `vidfer eval`"
        )
    return episodes
