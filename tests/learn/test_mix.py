"""Mixup and CutMix against pixels and targets counted by hand."""

import pytest
import torch
from refused import refused

from vidfer.errors import SettingError
from vidfer.learn.mix import Mixture, draw_partners, draw_shares, mix_clips
from vidfer.learn.settings import TrainSettings

NO = torch.zeros(4, dtype=torch.bool)


def clips(b=4, t=2, side=12) -> torch.Tensor:
    return torch.rand(b, t, 3, 3, side, side, generator=torch.Generator().manual_seed(0))


def masks(*rows) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.bool)


def test_partners_are_all_clips_of_a_part_in_another_order():
    torch.manual_seed(0)
    pseudo = torch.tensor([False, True, True, False, True, True] * 20)
    partner = draw_partners(pseudo)
    assert partner.sort().values.tolist() == list(range(120))
    assert pseudo[partner].equal(pseudo)
    assert (partner != torch.arange(120)).float().mean() > 0.9
    assert not draw_partners(pseudo).equal(partner)


@pytest.mark.parametrize(("alpha", "spread"), [(0.2, 1 / 5.6), (1.0, 1 / 12)])
def test_shares_of_mixup_are_beta_distributed(alpha, spread):
    torch.manual_seed(0)
    shares = draw_shares(20000, (8, 8), mixup=alpha, cutmix=0.0)
    assert shares.shape == (20000, 1, 1)
    assert shares.mean().item() == pytest.approx(0.5, abs=0.01)
    assert shares.var().item() == pytest.approx(spread, abs=0.003)  # 1 / (4 (2 alpha + 1))


def test_cutmix_takes_one_rectangle_anywhere_as_large_as_was_drawn():
    torch.manual_seed(0)
    own = draw_shares(4000, (20, 20), mixup=0.0, cutmix=1.0)
    assert {*own.unique().tolist()} == {0.0, 1.0}
    gone = own == 0
    rows, columns = gone.any(2), gone.any(1)
    assert gone.equal(rows[:, :, None] & columns[:, None, :])
    for line in (rows, columns):  # without holes
        assert ((line[:, 1:] & ~line[:, :-1]).sum(1) + line[:, 0] <= 1).all()
    # Away from the border a side has sqrt(1 - lambda) of the length; its square is uniform for a = 1.
    whole = ~(rows[:, 0] | rows[:, -1] | columns[:, 0] | columns[:, -1])
    assert (rows.sum(1) - columns.sum(1))[whole].abs().max() <= 1
    assert gone.float().mean((1, 2)).max() > 0.9
    assert gone.float().mean((0,)).min() > 0.1


def test_mixup_blends_pixels_and_targets_by_the_same_share():
    torch.manual_seed(3)
    crops = clips()
    mixed, mask, mixture = mix_clips(crops, masks(*[[1, 1]] * 4), NO, mixup=1.0, cutmix=0.0)
    assert (mixture.share > 0.02).all() and (mixture.share < 0.98).all()
    for i in range(4):
        share, other = mixture.share[i], mixture.partner[i]
        torch.testing.assert_close(mixed[i], share * crops[i] + (1 - share) * crops[other])
        targets = mixture.targets(torch.eye(4))
        wanted = torch.zeros(4)
        wanted[i] += share
        wanted[other] += 1 - share
        torch.testing.assert_close(targets[i], wanted)
    assert mask.all()


def test_cutmix_pastes_pixels_and_counts_them():
    torch.manual_seed(3)
    crops = clips()
    mixed, _, mixture = mix_clips(crops, masks(*[[1, 1]] * 4), NO, mixup=0.0, cutmix=1.0)
    others = crops[mixture.partner]
    mine, theirs = mixed == crops, mixed == others
    assert (mine | theirs).all()
    moved = mixture.partner != torch.arange(4)
    assert moved.any()
    counted = mine[moved].float().flatten(1).mean(1)
    torch.testing.assert_close(mixture.share[moved], counted)
    assert ((counted > 0) & (counted < 1)).any()


def test_where_both_are_on_each_clip_takes_one():
    torch.manual_seed(0)
    own = draw_shares(1000, (10, 10), mixup=1.0, cutmix=1.0)
    blended = ((own > 0) & (own < 1)).flatten(1)
    assert blended.all(1).equal(blended.any(1))
    assert blended.all(1).float().mean().item() == pytest.approx(0.5, abs=0.05)


def test_a_frame_without_a_face_shows_the_other_clip_alone_and_counts_for_it():
    crops = clips(b=2, t=4)
    frame_mask = masks([1, 1, 0, 0], [1, 0, 1, 0])
    for seed in range(20):
        torch.manual_seed(seed)
        mixed, mask, mixture = mix_clips(crops, frame_mask, NO[:2], mixup=1.0, cutmix=0.0)
        if mixture.partner.tolist() == [1, 0]:
            break
    assert mask.tolist() == [[True, True, True, False]] * 2
    assert mixed[0, 1].equal(crops[0, 1]) and mixed[0, 2].equal(crops[1, 2])
    share = ((mixed[0, 0] - crops[1, 0]) / (crops[0, 0] - crops[1, 0])).median()
    torch.testing.assert_close(mixture.share[0], (share + 1 + 0) / 3, atol=1e-4, rtol=0)


def test_the_label_is_that_of_the_larger_share():
    mixture = Mixture(torch.tensor([1, 2, 0]), torch.tensor([0.4, 0.5, 0.9]))
    assert mixture.labels(torch.tensor([7, 8, 9])).tolist() == [8, 8, 9]


def test_the_seed_decides():
    crops, mask = clips(), masks(*[[1, 1]] * 4)
    found = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        found.append(mix_clips(crops, mask, NO, mixup=0.5, cutmix=0.5)[0])
    assert found[0].equal(found[1]) and not found[0].equal(found[2])


@pytest.mark.parametrize("name", ["mixup", "cutmix"])
def test_a_number_below_zero_is_refused(name):
    with refused(SettingError, f"--train.{name} -1"):
        TrainSettings(**{name: -1})
