"""Names of weights without those of the wrappers around a network."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

OF_PROCESSES = "module."
"""Before every name if several processes train the network."""

COMPILED = "_orig_mod."
"""Before the names of what torch.compile has compiled: of the whole network, or of blocks within it."""


def plain_names(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights under the names that they have in a network without wrappers.

    Args:
        weights: name -> tensor, the ``state_dict`` of a network, of a compiled one, or of one that several
            processes share.
    """
    return {name.replace(COMPILED, "").removeprefix(OF_PROCESSES): tensor for name, tensor in weights.items()}
