import numpy as np
import pytest
import torch
from refused import refused

from vidfer.data.episodes import EpisodeSampler
from vidfer.errors import CheckpointError, DataError
from vidfer.evaluate.episode_scores import EpisodeScores
from vidfer.evaluate.eval_protocol import EvalProtocol
from vidfer.evaluate.fewshot import fewshot_answers
from vidfer.models.embedding import Embedding
from vidfer.models.heads.csrn import CSRNHead
from vidfer.models.heads.prototype import PrototypeHead

CLASSES = ("angry", "disgust", "fear", "sad")
LABELS = np.array([0] * 7 + [1] * 8 + [2] * 6 + [3] * 7)


def embedding(separation: float = 1.0, seed: int = 0) -> Embedding:
    """Clips whose classes lie ``separation`` apart, in noise of size one."""
    generator = torch.Generator().manual_seed(seed)
    kinds = torch.from_numpy(LABELS)
    vector = torch.randn(len(LABELS), 512, generator=generator)
    vector += separation * torch.randn(4, 512, generator=generator)[kinds]
    maps = torch.randn(len(LABELS), 3, 64, 14, 14, generator=generator)
    maps += separation * torch.randn(4, 3, 64, 1, 1, generator=generator)[kinds]
    return Embedding(vector, maps)


def csrn(**settings) -> CSRNHead:
    torch.manual_seed(0)
    return CSRNHead(**settings)


def measure(head, clips=None, faces=None, source="c.h5", **changes):
    task = {"ways": 3, "shots": 2, "queries": 2, "episodes": 20, "seed": 5} | changes
    faces = np.ones(len(LABELS), bool) if faces is None else faces
    scores = EpisodeScores(head, embedding() if clips is None else clips)
    return fewshot_answers(scores, LABELS, faces, CLASSES, EvalProtocol(**task), source=source)


def naive_answers(head, clips, faces, ways=3, shots=2, queries=2, episodes=20, seed=5):
    """Every query of every episode through the head alone."""
    head.eval()
    sampler = EpisodeSampler(
        LABELS, ways=ways, shots=shots, queries=queries, episodes=episodes, seed=seed, has_face=faces
    )
    answers = np.zeros((len(LABELS), 5), int)
    for episode in sampler:
        for query in episode.query:
            chosen = 4
            if faces[query]:
                with torch.no_grad():
                    scores = head(
                        clips[torch.from_numpy(episode.support)],
                        torch.from_numpy(episode.support_labels),
                        clips[torch.tensor([query])],
                    )
                chosen = episode.classes[int(scores.argmax())]
            answers[query, chosen] += 1
    return answers


@pytest.mark.parametrize("shots", [1, 2, 3])
@pytest.mark.parametrize(
    "head",
    [csrn(), csrn(pairing="published"), PrototypeHead(), PrototypeHead("cosine")],
    ids=["csrn", "csrn-published", "prototype", "cosine"],
)
def test_every_answer_is_that_of_the_head_alone(head, shots):
    clips = embedding(0.3)
    faces = np.ones(len(LABELS), bool)
    faces[[0, 9]] = False
    found = measure(head, clips, faces, shots=shots)
    expected = naive_answers(head, clips, faces, shots=shots)
    assert found.answers.tolist() == expected.tolist()
    right = expected[np.arange(len(LABELS)), LABELS].sum()
    assert found.episode_accuracy.mean() == pytest.approx(right / expected.sum())


def test_separate_classes_are_all_right_and_equal_ones_at_chance():
    assert measure(PrototypeHead(), embedding(3.0)).episode_accuracy.tolist() == [1.0] * 20
    guess = measure(PrototypeHead(), embedding(0.0), episodes=600)
    assert guess.over_episodes().mean == pytest.approx(1 / 3, abs=0.06)


def test_every_clip_has_its_own_counts():
    found = measure(PrototypeHead(), embedding(0.2), episodes=100)
    assert found.n_queries.sum() == 100 * 6
    assert found.confusion.sum(1).tolist() == [found.n_queries[k == LABELS].sum() for k in range(4)]
    assert found.n_right.sum() == pytest.approx(found.episode_accuracy.sum() * 6)
    assert found.clip_accuracy == pytest.approx(found.n_right / found.n_queries)
    clip = int((found.n_queries - found.n_right).argmax())
    wrong = found.answers[clip].copy()
    wrong[LABELS[clip]] = -1
    assert found.confused_with(clip) == CLASSES[int(wrong.argmax())]
    assert found.confused_with(clip) != CLASSES[LABELS[clip]]
    few = measure(PrototypeHead(), embedding(3.0), episodes=1)
    assert np.isnan(few.clip_accuracy).any()
    assert few.confused_with(0) is None


def test_a_query_without_a_face_is_always_wrong():
    faces = np.ones(len(LABELS), bool)
    faces[[0, 1]] = False
    found = measure(PrototypeHead(), embedding(3.0), faces, episodes=200)
    assert found.n_queries[[0, 1]].min() > 0
    assert found.n_right[[0, 1]].tolist() == [0, 0]
    assert found.confused_with(0) == "no face"
    assert found.confusion[0, -1] == found.n_queries[[0, 1]].sum()
    assert found.confusion[1:, -1].sum() == 0
    assert (found.n_right == found.n_queries).sum() == len(LABELS) - 2


def test_more_episodes_narrow_the_interval_over_episodes_but_not_over_clips():
    def widths(episodes):
        found = measure(PrototypeHead(), embedding(0.05), episodes=episodes)
        return [i.high - i.low for i in (found.over_episodes(), found.over_clips())]

    few, many = widths(200), widths(3200)
    assert many[0] == pytest.approx(few[0] / 4, rel=0.2)
    assert many[1] > 0.6 * few[1]
    assert many[1] > 3 * many[0]


def test_the_interval_over_clips_is_the_mean_of_classes():
    found = measure(PrototypeHead(), embedding(0.1), episodes=300)
    over = found.over_clips()
    assert over.mean == pytest.approx(np.mean([found.clip_accuracy[k == LABELS].mean() for k in range(4)]))
    assert over.n == len(LABELS)
    subjects = [f"p{i % 5}" for i in range(len(LABELS))]
    assert (found.over_clips(subjects).n, found.over_clips(subjects).over) == (5, "subjects")


def test_the_same_seed_gives_the_same_result():
    first, again = measure(csrn()), measure(csrn())
    assert first.answers.tolist() == again.answers.tolist()
    assert measure(csrn(), seed=6).answers.tolist() != first.answers.tolist()


def test_the_head_comes_back_as_it_was():
    head = csrn().train()
    before = {name: value.clone() for name, value in head.state_dict().items()}
    measure(head, episodes=2)
    assert head.training
    assert all(torch.equal(value, before[name]) for name, value in head.state_dict().items())


def test_too_few_clips_and_broken_models_are_told():
    with refused(DataError, "'fear'", "6 clips", "5-shot", "2 queries", "7", "a.h5"):
        measure(PrototypeHead(), shots=5, source="a.h5")
    broken = embedding()
    broken.vector[:] = torch.nan
    with refused(CheckpointError, "another checkpoint"):
        measure(PrototypeHead(), broken)
