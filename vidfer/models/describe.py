"""What a checkpoint is made of, in words: its encoders, head, classes and parameters."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from vidfer.models.checkpoint import checkpoint_hash, read_outline, read_seen
from vidfer.models.settings import EncoderSettings


def network_lines(folder: Path) -> dict[str, str]:
    """What the network of a checkpoint is, by ``encoder``, ``head``, ``classes`` and ``parameters``.

    Encoders side by side are all named, each with its own number of parameters.

    Raises:
        CheckpointError: as :func:`vidfer.models.checkpoint.load_checkpoint`.
    """
    model = read_outline(folder)
    settings = model.settings
    names = settings.encoder.side_by_side or {"": settings.encoder}
    encoders = [
        f"{_encoder(name, one)}, {_count(module)} parameters{_stays(name, settings.encoder)}"
        for (name, one), module in zip(names.items(), model.encoder.singles, strict=True)
    ]
    return {
        "encoder": "; beside it ".join(encoders),
        "head": "none" if settings.head is None else settings.head.name,
        "classes": ", ".join(model.classes) or "none, so it has no classifier",
        "parameters": f"{_count(model)} in all",
    }


def checkpoint_page(folder: Path) -> str:
    """All of it, the labels that the weights have seen, and the hash, as text for a terminal.

    Raises:
        CheckpointError: as :func:`vidfer.models.checkpoint.load_checkpoint`.
    """
    lines = network_lines(folder) | {"seen": read_seen(folder).text() or "no expression labels"}
    return "\n".join(
        [f"{folder}: checkpoint {checkpoint_hash(folder)}", *(f"{n:11}{t}" for n, t in lines.items())]
    )


def _encoder(name: str, settings: EncoderSettings) -> str:
    """Such as ``dinov2_s (timm)``: the pretrained one, or the name among others, with its kind."""
    title = settings.pretrained or name or settings.name
    network = getattr(settings, "network", None)
    kind = f"{settings.name} {network}" if network else settings.name
    return title if title == kind else f"{title} ({kind})"


def _stays(name: str, settings: EncoderSettings) -> str:
    return ", which stay as they are" if name in settings.frozen else ""


def _count(module: nn.Module) -> str:
    return f"{sum(parameter.numel() for parameter in module.parameters()):,}"
