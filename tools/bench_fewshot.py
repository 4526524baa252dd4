"""Measure few-shot evaluation with CSRN's head: all episodes at once against the head called on each.

    python tools/bench_fewshot.py --threads 2

Clips are random maps, already embedded. One by one, only the first episodes are measured, and the time is
scaled up to all. On those episodes every answer of both sides is compared.
"""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from counts import check_counts
from program import run

from vidfer.data.episodes import EpisodeSampler
from vidfer.evaluate.episode_scores import EpisodeScores
from vidfer.evaluate.episodes import Episodes, draw_episodes
from vidfer.models.embedding import Embedding
from vidfer.models.heads.csrn import CSRNHead


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What to measure with."""

    threads: int = 2
    """Threads of torch."""
    device: str = "cpu"
    """Device of torch."""
    clips: int = 300
    """Embedded clips."""
    classes: int = 6
    """Classes of the clips."""
    ways: int = 3
    """Ways of the episodes."""
    shots: int = 3
    """Shots of the episodes."""
    queries: int = 1
    """Queries of the episodes, per class."""
    episodes: int = 10_000
    """Episodes that are scored at once."""
    alone: int = 100
    """Episodes of these that are scored one by one too."""
    repeats: int = 3
    """Measured runs, of which the median counts."""

    def __post_init__(self) -> None:
        check_counts(
            self, "threads", "clips", "classes", "ways", "shots", "queries", "episodes", "alone", "repeats"
        )


def main(settings: Settings) -> None:
    torch.set_num_threads(settings.threads)
    labels = np.arange(settings.clips) % settings.classes
    clips, head = random_clips(labels), CSRNHead().eval().to(settings.device)
    clips = clips.to(settings.device)

    def draw() -> Episodes:
        return draw_episodes(
            EpisodeSampler(
                labels,
                ways=settings.ways,
                shots=settings.shots,
                queries=settings.queries,
                episodes=settings.episodes,
                seed=0,
            )
        )

    def at_once() -> np.ndarray:
        episodes = draw()
        query_mask = np.ones(episodes.query.shape, bool)
        return EpisodeScores(head, clips, settings.device).score(episodes, query_mask)

    episodes = draw()
    support_labels = torch.from_numpy(episodes.support_labels).to(settings.device)

    def one_by_one() -> np.ndarray:
        with torch.inference_mode():
            scores = [
                head(clips[torch.from_numpy(s)], support_labels, clips[torch.from_numpy(q)]).cpu().numpy()
                for s, q in zip(episodes.support[: settings.alone], episodes.query[: settings.alone])
            ]
        return np.stack(scores)

    task = f"{settings.ways}-way {settings.shots}-shot {settings.queries}-query"
    print(f"{task}, {settings.clips} clips, {settings.threads} threads on {settings.device}")
    seconds, cpu, fast = measure(at_once, settings.repeats)
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"at once: {settings.episodes:,} episodes in {seconds:.1f} s ({cpu:.1f} s of processor time)")
    print(f"   peak memory of the process {peak_gb:.2f} GB, of which maps {clips.maps.nbytes / 1e9:.2f} GB")
    drawing, drawing_cpu, _ = measure(draw, settings.repeats)
    seconds, cpu, slow = measure(one_by_one, settings.repeats)
    part = settings.episodes / settings.alone
    seconds, cpu = seconds * part + drawing, cpu * part + drawing_cpu
    print(f"one by one: {settings.alone:,} measured, so all in {seconds:.1f} s ({cpu:.1f} s)")
    same = fast[: len(slow)].argmax(-1) == slow.argmax(-1)
    apart = np.abs(fast[: len(slow)] - slow).max()
    print(f"same answer to {same.sum():,} of {same.size:,} queries; scores at most {apart:.1e} apart")


def random_clips(labels: np.ndarray) -> Embedding:
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(len(labels), 3, 64, 14, 14, generator=generator)
    of_class = torch.randn(int(labels.max()) + 1, 3, 64, 1, 1, generator=generator)
    maps += 0.5 * of_class[torch.from_numpy(labels)]
    return Embedding(torch.zeros(len(labels), 512), maps.relu())


def measure(work: Callable, repeats: int) -> tuple:
    """Median wall seconds, median CPU seconds, and the result of the work."""
    seconds, cpu = [], []
    for _ in range(repeats):
        start, start_cpu = time.perf_counter(), time.process_time()
        out = work()
        seconds.append(time.perf_counter() - start)
        cpu.append(time.process_time() - start_cpu)
    return statistics.median(seconds), statistics.median(cpu), out


if __name__ == "__main__":
    run(main, Settings, __doc__)
