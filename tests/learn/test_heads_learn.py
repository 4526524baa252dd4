"""Every few-shot head, on an encoder of one convolution, learns classes that can be told apart."""

import numpy as np
import pytest
import torch
from networks import network
from striped_cache import CLASSES, draw_crops
from torch import Tensor, nn

from vidfer.data.episodes import EpisodeSampler
from vidfer.learn.episodic import EpisodeNet
from vidfer.models.build import build_head
from vidfer.models.embedding import Embedding
from vidfer.models.settings import ModelSettings

WAYS, SHOTS, QUERIES = 3, 2, 2


class OneConvolution(nn.Module):
    """A recogniser that is small enough for many episodes in a test."""

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 64, 3), nn.BatchNorm2d(64), nn.ReLU())
        self.head = build_head(settings.head)

    def embed(self, crops: Tensor, frame_mask: Tensor) -> Embedding:
        maps = self.encoder(crops.flatten(0, 2).float() / 255).unflatten(0, (len(crops), -1))
        return Embedding(maps.mean((-2, -1)).flatten(1), maps)


def striped_clips(seed: int) -> tuple[Tensor, np.ndarray]:
    """Eight clips of each class, of one frame (M, 1, 3, 3, 16, 16), and their classes (M,)."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(CLASSES)), 8)
    crops = np.stack([draw_crops(number, 1, 16, rng) for number in labels])
    return torch.from_numpy(crops).movedim(-1, -3), labels


def episodes(net: EpisodeNet, clips: Tensor, labels: np.ndarray, numbers: range):
    """Loss and accuracy of some episodes."""
    sampler = EpisodeSampler(labels, ways=WAYS, shots=SHOTS, queries=QUERIES, episodes=1, seed=0)
    for number in numbers:
        episode = sampler.episode(number)
        crops = clips[np.concatenate([episode.support, episode.query])]
        mask = torch.ones(crops.shape[:2], dtype=torch.bool)
        found = net(crops, mask, torch.zeros(len(crops)), WAYS, SHOTS)
        yield found["loss"], found["train_accuracy"]


@torch.no_grad()
def accuracy(net: EpisodeNet, clips: Tensor, labels: np.ndarray) -> float:
    return float(torch.stack([found for _, found in episodes(net, clips, labels, range(15))]).mean())


@pytest.mark.parametrize(
    ("head", "options"),
    [
        ("prototype", {}),
        ("matching", {}),
        ("relation", {}),
        ("relation", {"regions": "face"}),
        ("csrn", {}),
        ("crn", {}),
        ("crn", {"regions": "face"}),
        ("crn", {"js_form": "channels"}),
    ],
)
def test_head_learns_and_does_in_evaluation_as_it_did_in_training(head, options):
    net = EpisodeNet(OneConvolution(network(head=head, of_head=options)))
    optimiser = torch.optim.Adam(net.parameters(), lr=3e-3)
    clips, others = striped_clips(0), striped_clips(1)
    for start in range(0, 120, 20):
        net.train()
        for loss, _ in episodes(net, *clips, range(start, start + 20)):
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 0.5)
            optimiser.step()
        # With the statistics that batch normalisation has kept; chance is 0.33.
        if accuracy(net.eval(), *others) > 0.95:
            break
    assert accuracy(net.eval(), *others) > 0.9
    assert accuracy(net.train(), *others) > 0.9  # with those of an episode
