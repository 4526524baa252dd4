"""Episodes: batches, loss and validation."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from accelerate.data_loader import BatchSamplerShard
from clip_records import record_clips
from torch import nn
from torch.utils.data import DataLoader, Dataset

from vidfer.data.episodes import EpisodeSampler
from vidfer.errors import VidferError
from vidfer.learn.episodic import (
    EpisodeBatches,
    EpisodeNet,
    training_episodes,
    validate_episodes,
    validation_episodes,
)
from vidfer.learn.settings import EpisodeSettings
from vidfer.models.build import build_recogniser
from vidfer.models.embedding import Embedding
from vidfer.models.heads.crn import crn_loss
from vidfer.models.heads.csrn import csrn_loss
from vidfer.models.heads.prototype import PrototypeHead
from vidfer.models.heads.relation import relation_loss
from vidfer.models.settings import ModelSettings

LABELS = np.repeat([0, 1, 2], 5)


def batches() -> EpisodeBatches:
    return EpisodeBatches(EpisodeSampler(LABELS, ways=2, shots=2, queries=1, episodes=3, seed=0))


def test_a_batch_is_support_then_query_by_class():
    for batch in batches():
        labels = LABELS[batch]
        assert len(batch) == len(set(batch)) == 6
        assert labels[0] == labels[1] == labels[4] and labels[2] == labels[3] == labels[5] != labels[0]


def test_epochs_have_episodes_of_their_own_and_come_back():
    sampler = batches()
    first = list(sampler)
    sampler.set_epoch(1)
    assert list(sampler) != first
    sampler.set_epoch(0)
    assert list(sampler) == first


@pytest.mark.parametrize("episodes", [1, 3, 4])
@pytest.mark.parametrize("processes", [1, 2, 3])
def test_processes_share_episodes_as_a_whole_and_lose_none(episodes, processes):
    sampler = EpisodeSampler(LABELS, ways=2, shots=2, queries=1, episodes=episodes, seed=0)
    shares = [
        list(BatchSamplerShard(EpisodeBatches(sampler), processes, process)) for process in range(processes)
    ]
    assert [len(share) for share in shares] == [math.ceil(episodes / processes)] * processes
    seen = {tuple(batch) for share in shares for batch in share}
    assert seen == {tuple(batch) for batch in EpisodeBatches(sampler)}


@pytest.mark.parametrize("head", ["csrn", "prototype", "matching", "relation", "crn"])
def test_the_loss_is_that_of_the_head(head):
    torch.manual_seed(0)
    recogniser = build_recogniser(ModelSettings(width=4, head=head)).eval()
    crops = torch.randint(0, 256, (6, 2, 3, 3, 32, 32), dtype=torch.uint8)
    mask = torch.ones(6, 2, dtype=torch.bool)
    loss, accuracy = EpisodeNet(recogniser).eval()(crops, mask, 2, 2)
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
    net = EpisodeNet(build_recogniser(ModelSettings(width=4)))
    net.recogniser.freeze_encoder()
    net.train()
    before = {name: value.clone() for name, value in net.recogniser.encoder.state_dict().items()}
    crops = torch.randint(0, 256, (6, 1, 3, 3, 32, 32), dtype=torch.uint8)
    net(crops, torch.ones(6, 1, dtype=torch.bool), 2, 2)[0].backward()
    assert net.recogniser.head.training and all(p.grad is None for p in net.recogniser.encoder.parameters())
    assert all(value.equal(before[name]) for name, value in net.recogniser.encoder.state_dict().items())
    assert all(p.grad is not None for p in net.recogniser.head.parameters())


def test_validation_asks_for_the_classes_that_have_enough_clips(tmp_path):
    settings = EpisodeSettings(ways=4, shots=2, queries=2, val_episodes=5)
    cache = record_clips(
        tmp_path / "c.h5", [{"id": f"{i:02}", "label": label} for i, label in enumerate("aaaabbbbcccdddd")]
    )
    cache.clips = (*cache.clips[:12], *(replace(clip, n_faces=0) for clip in cache.clips[12:]))
    sampler = validation_episodes(cache, range(15), "abcd", settings, seed=0)
    assert sampler.ways == 2 and sampler.classes.tolist() == [0, 1] and len(sampler) == 5
    assert validation_episodes(cache, range(7), "abcd", settings, seed=0) is None


def test_nobody_is_asked_for_who_is_an_example(tmp_path):
    clips = [{"id": f"{i:02}", "label": "ab"[i % 2], "subject": f"p{i // 6}"} for i in range(36)]
    cache = record_clips(tmp_path / "c.h5", clips)
    person = np.array([clip.subject for clip in cache.clips])
    settings = EpisodeSettings(ways=2, shots=2, queries=2, per_epoch=50, val_episodes=50, other_people=True)
    for of in (training_episodes, validation_episodes):
        for episode in of(cache, range(36), ("a", "b"), settings, seed=0):
            assert not {*person[episode.support]} & {*person[episode.query]}
    # Two people for four queries of each class: nothing to validate on, and refused before training.
    two = record_clips(tmp_path / "c.h5", [c | {"subject": "pq"[i > 2]} for i, c in enumerate(clips[:12])])
    few = replace(settings, shots=1, queries=4)
    assert validation_episodes(two, range(12), ("a", "b"), replace(few, queries=1), seed=0) is not None
    assert validation_episodes(two, range(6), ("a", "b"), replace(few, queries=2), seed=0) is None
    with pytest.raises(VidferError, match="too few clips of people who are not among the 2 examples"):
        training_episodes(two, range(6), ("a", "b"), replace(few, queries=2), seed=0)
    nobody = record_clips(tmp_path / "c.h5", [{k: v for k, v in c.items() if k != "subject"} for c in clips])
    with pytest.raises(VidferError, match=r"clip '00' names no person.*leave that option out.*c.h5"):
        training_episodes(nobody, range(36), ("a", "b"), settings, seed=0)


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
