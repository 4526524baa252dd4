"""Measure the networks on this machine: grouped against separate convolutions, encoders, CSRN's head.

    python tools/bench_models.py --threads 1

Prints medians. A frame here is the crops of all three regions.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from counts import check_counts
from program import run
from torch import nn

from vidfer.models.build import build_encoder
from vidfer.models.encoders.conv4 import Conv4Settings
from vidfer.models.encoders.grouped_resnet import GroupedResNet18
from vidfer.models.encoders.grouped_resnet18 import GroupedResNet18Settings
from vidfer.models.heads.relation_module import RelationModule
from vidfer.models.heads.select_channels import select_channels
from vidfer.models.settings import EncoderSettings


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What to measure with."""

    threads: int = 1
    """Threads of torch."""
    device: str = "cpu"
    """Device of torch."""
    widths: tuple[int, ...] = (16, 32, 64)
    """Widths of grouped_resnet18."""
    sizes_px: tuple[int, ...] = (64, 112, 224)
    """Input sizes."""
    clips: int = 4
    """Clips in a batch, of 8 frames each."""
    repeats: int = 3
    """Measured runs, of which the median counts; one more runs before them and is not measured."""

    def __post_init__(self) -> None:
        check_counts(self, "threads", "widths", "sizes_px", "clips", "repeats")


class SeparateResNet18(nn.Module):
    """The alternative to grouped convolutions: one network per region, on channels-last inputs."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.networks = nn.ModuleList(GroupedResNet18(groups=1, width=width) for _ in range(3))

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        stages = zip(*(network(part) for network, part in zip(self.networks, images.chunk(3, dim=1))))
        return [torch.cat(maps, dim=1) for maps in stages]


def median_s(work: Callable[[], object], settings: Settings) -> float:
    # On one thread of a CPU count the time of this process alone, so that other programs do not matter.
    clock = time.process_time if (settings.device, settings.threads) == ("cpu", 1) else time.perf_counter
    seconds = []
    for _ in range(settings.repeats + 1):
        start = clock()
        work()
        if settings.device != "cpu":
            torch.cuda.synchronize()
        seconds.append(clock() - start)
    return statistics.median(seconds[1:])


def forward_and_both(module: nn.Module, *inputs: torch.Tensor, settings: Settings) -> tuple[float, float]:
    """Seconds of a forward pass without gradients, and of forward and backward in training."""

    def forward() -> None:
        with torch.no_grad():
            module.eval()(*inputs)

    def both() -> None:
        module.zero_grad()
        out = module.train()(*inputs)
        sum(
            maps.float().sum() for maps in (out if isinstance(out, list) else (out.vector, out.maps))
        ).backward()

    return median_s(forward, settings), median_s(both, settings)


def compare_formulations(width: int, size_px: int, settings: Settings) -> None:
    """Compare grouped and separate networks.

    They take turns, so that other programs on the machine disturb both alike. The order changes from turn to
    turn, because the second one reuses memory that the first has freed.
    """
    images = torch.randn(8 * settings.clips, 9, size_px, size_px, device=settings.device)
    once = replace(settings, repeats=1)
    networks = {"grouped": GroupedResNet18(width=width), "separate": SeparateResNet18(width)}
    networks = {name: network.to(settings.device) for name, network in networks.items()}
    turns = []
    for turn in range(settings.repeats):
        order = [*networks] if turn % 2 else [*reversed(networks)]
        turns.append({n: forward_and_both(networks[n], images, settings=once) for n in order})
    for name in networks:
        forward, both = (statistics.median(turn[name][what] for turn in turns) for what in (0, 1))
        speed = f"{len(images) / forward:6.0f} frames/s, with backward {len(images) / both:6.0f}"
        print(f"{name:>8}, width {width:2}, {size_px:3} px: {speed}", flush=True)
    ratios = [statistics.median(t["separate"][w] / t["grouped"][w] for t in turns) for w in (0, 1)]
    print(f"          grouped is {ratios[0]:.2f} times as fast, with backward {ratios[1]:.2f}", flush=True)


def measure_encoder(model: EncoderSettings, size_px: int, settings: Settings) -> None:
    encoder = build_encoder(model).to(settings.device)
    crops = torch.randint(
        0, 256, (settings.clips, 8, 3, 3, size_px, size_px), dtype=torch.uint8, device=settings.device
    )
    mask = torch.ones(settings.clips, 8, dtype=torch.bool, device=settings.device)
    forward, both = forward_and_both(encoder, crops, mask, settings=settings)
    name = "conv4" if model.encoder == "conv4" else f"width {model.width:2}"
    frames = 8 * settings.clips
    speed = f"{frames / forward:6.0f} frames/s, with backward {frames / both:6.0f}"
    print(f"encoder {name}, {size_px:3} px: {speed}", flush=True)


def compare_relations(settings: Settings) -> None:
    """Compare all pairs of 30 queries and 25 support clips: first convolution per map, or per joined pair."""
    relation = RelationModule().to(settings.device).eval()
    query, support = torch.rand(30, 3, 64, 14, 14), torch.rand(25, 3, 64, 14, 14)
    query, support = query.to(settings.device), support.to(settings.device)

    def per_pair() -> None:
        for q in query:
            pairs = torch.cat([support, q.expand_as(support)], dim=2).flatten(0, 1)
            maps = nn.functional.max_pool2d(relation.bn1(relation.conv1(pairs)).relu(), 2)
            maps = nn.functional.max_pool2d(relation.bn2(relation.conv2(maps)).relu(), 2)
            relation.fc2(relation.fc1(maps.flatten(1)).relu()).sigmoid()

    with torch.no_grad():
        ours, published = median_s(lambda: relation(query, support), settings), median_s(per_pair, settings)
    print(f"750 pairs of clips: {ours * 1e3:.0f} ms, concatenating each pair {published * 1e3:.0f} ms")


def compare_channel_selection(settings: Settings) -> None:
    """Compare channel selection for 20 episodes, 3 ways and 3 shots: all at once, by episode, in a loop."""
    # The means of the three shots differ clearly, so that rounding does not choose between them.
    levels = torch.tensor([0.0, 1.0, 3.0])[torch.rand(20, 3, 3, 64).argsort(2)].flatten(1, 2)
    maps = (torch.rand(20, 9, 64, 14, 14) + levels[..., None, None]).to(settings.device)
    labels = torch.arange(3, device=settings.device).repeat_interleave(3).expand(20, 9)

    def each_episode() -> torch.Tensor:
        return torch.stack([select_channels(faces, of_faces) for faces, of_faces in zip(maps, labels)])

    def loop() -> torch.Tensor:
        selected = torch.empty(20, 3, 64, 14, 14, device=settings.device)
        for episode, (faces, of_faces) in enumerate(zip(maps, labels)):
            for way in range(3):
                shots = faces[of_faces == way]
                of_shots = shots.mean((-2, -1))
                of_class = shots.mean(0).mean((-2, -1))
                for channel in range(64):
                    nearest = (of_class[channel] - of_shots[:, channel]).abs().argmin()
                    selected[episode, way, channel] = shots[nearest, channel]
        return selected

    def at_once() -> torch.Tensor:
        return select_channels(maps, labels)

    assert torch.equal(at_once(), each_episode()) and torch.equal(at_once(), loop())
    ours, by_episode, looped = (median_s(work, settings) * 1e3 for work in (at_once, each_episode, loop))
    print(
        f"channel selection of 20 episodes: at once {ours:.1f} ms, each episode {by_episode:.1f} ms, "
        f"loop over episodes, classes and channels {looped:.0f} ms ({looped / ours:.0f} times)"
    )


def main(settings: Settings) -> None:
    torch.set_num_threads(settings.threads)
    torch.manual_seed(0)
    for width in settings.widths:
        for size_px in settings.sizes_px:
            compare_formulations(width, size_px, settings)
    measure_encoder(Conv4Settings(), 64, settings)
    for width in settings.widths:
        for size_px in settings.sizes_px:
            measure_encoder(GroupedResNet18Settings(width=width), size_px, settings)
    compare_relations(settings)
    compare_channel_selection(settings)


if __name__ == "__main__":
    run(main, Settings, __doc__)
