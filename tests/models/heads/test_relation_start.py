"""CRN's relation module starts where it can learn, and noise does not take that away."""

import torch

from vidfer.models.heads.relation_module import INITIAL_SCORE, RelationModule


def maps_of(count, generator):
    """As of an untrained encoder with four poolings: positive, and much alike."""
    return 1 + 0.3 * torch.randn(count, 1, 64, 4, 4, generator=generator).abs()


def test_every_unit_speaks_and_still_does_after_steps_on_nothing_but_noise():
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    module = RelationModule(any_size=True).train()
    hidden = []
    module.fc1.register_forward_hook(lambda _, __, out: hidden.append(out.detach()))
    optimiser = torch.optim.Adam(module.parameters(), 1e-3)
    for step in range(40):
        scores = module(maps_of(8, generator), maps_of(4, generator))
        if step == 0:
            assert (hidden[0] > 0).float().mean(0).min() > 0.9 and scores.sub(INITIAL_SCORE).abs().max() < 0.2
        alike = torch.nn.functional.one_hot(torch.randint(4, (8,), generator=generator), 4)[:, None]
        optimiser.zero_grad()
        (scores - alike).square().mean().backward()
        optimiser.step()
    assert (hidden[-1] > 0).any(0).all()
