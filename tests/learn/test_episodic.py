"""Episodes: batches, loss and validation."""

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from networks import network
from torch import nn
from torch.utils.data import DataLoader, Dataset

from vidfer.data.episodes import EpisodeSampler
from vidfer.learn.episodic import EpisodeNet, validate_episodes
from vidfer.models.build import build_recogniser
from vidfer.models.embedding import Embedding
from vidfer.models.heads.crn import crn_loss
from vidfer.models.heads.csrn import csrn_loss
from vidfer.models.heads.prototype import PrototypeHead
from vidfer.models.heads.relation import relation_loss


@pytest.mark.parametrize("head", ["csrn", "prototype", "matching", "relation", "crn"])
def test_the_loss_is_that_of_the_head(head):
    torch.manual_seed(0)
    recogniser = build_recogniser(network(width=4, head=head)).eval()
    crops = torch.randint(0, 256, (6, 2, 3, 3, 32, 32), dtype=torch.uint8)
    mask = torch.ones(6, 2, dtype=torch.bool)
    found = EpisodeNet(recogniser).eval()(crops, mask, torch.zeros(6), 2, 2)
    loss, accuracy = found["loss"], found["train_accuracy"]
    clips = recogniser.embed(crops, mask)
    support_labels, query_labels = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1])
    scores = recogniser.head(clips[:4], support_labels, clips[4:])
    if head == "csrn":
        parts = recogniser.head.relations(clips[:4], support_labels, clips[4:])
        wanted = csrn_loss(parts.pair_scores, parts.prototype_scores, support_labels, query_labels)
    elif head == "crn":
        parts = recogniser.head.relations(clips[:4], support_labels, clips[4:])
        wanted = crn_loss(
            parts.pair_scores, parts.prototype_scores, parts.distributions, support_labels, query_labels
        )
    elif head == "relation":
        wanted = relation_loss(recogniser.head.relations(clips[:4], support_labels, clips[4:]), query_labels)
    elif head == "matching":
        wanted = -scores[torch.arange(2), query_labels].mean()  # they are log-probabilities
    else:
        wanted = torch.nn.functional.cross_entropy(scores, query_labels)
    torch.testing.assert_close(loss, wanted)
    assert accuracy == (scores.argmax(1) == query_labels).float().mean()


def test_a_frozen_encoder_has_neither_gradient_nor_new_statistics():
    net = EpisodeNet(build_recogniser(network(width=4)))
    net.recogniser.freeze_encoder()
    net.train()
    before = {name: value.clone() for name, value in net.recogniser.encoder.state_dict().items()}
    crops = torch.randint(0, 256, (6, 1, 3, 3, 32, 32), dtype=torch.uint8)
    net(crops, torch.ones(6, 1, dtype=torch.bool), torch.zeros(6), 2, 2)["loss"].backward()
    assert net.recogniser.head.training and all(p.grad is None for p in net.recogniser.encoder.parameters())
    assert all(value.equal(before[name]) for name, value in net.recogniser.encoder.state_dict().items())
    assert all(p.grad is not None for p in net.recogniser.head.parameters())


class Oracle(nn.Module):
    """A recogniser that reads the class off the first pixel, whether there is a face or not."""

    def __init__(self) -> None:
        super().__init__()
        self.head = PrototypeHead()

    def embed(self, crops, frame_mask) -> Embedding:
        return Embedding(torch.eye(3)[crops[:, 0, 0, 0, 0, 0].long()], torch.zeros(len(crops), 3, 64, 14, 14))


class Drawn(Dataset):
    """Clips that are in memory."""

    training = False

    def __init__(self, crops, masks) -> None:
        self.crops, self.masks = crops, masks

    def __len__(self) -> int:
        return len(self.crops)

    def __getitem__(self, i):
        return {"crops": self.crops[i], "frame_mask": self.masks[i]}


def test_validation_counts_queries_without_a_face_as_wrong():
    labels = np.repeat([0, 1, 2], 4)
    faces = np.arange(12) != 5
    crops = torch.from_numpy(labels).view(12, 1, 1, 1, 1, 1).expand(12, 1, 3, 3, 2, 2).to(torch.uint8)
    masks = torch.from_numpy(faces)[:, None]
    loader = DataLoader(Drawn(crops, masks), batch_size=7)
    sampler = EpisodeSampler(labels, ways=2, shots=1, queries=2, episodes=10, seed=0, has_face=faces)
    asked = np.concatenate([episode.query for episode in sampler])
    assert 0 < (asked == 5).mean() < 0.5
    accuracy = validate_episodes(Oracle(), loader, sampler, Accelerator(cpu=True))
    assert accuracy == pytest.approx(1 - (asked == 5).mean())
