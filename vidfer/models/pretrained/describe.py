"""The table of pretrained encoders in words, for a terminal and for the page docs/encoders.md."""

from __future__ import annotations

from vidfer.models.pretrained.row import IMAGENET_MEAN, IMAGENET_STD, Pretrained
from vidfer.models.pretrained.table import GROUPS

NOT_READ = "vidfer does not read it yet"


def lines_of(row: Pretrained) -> list[str]:
    """What to say about a pretrained encoder, a line each."""
    return [
        f"learned  {row.learned}",
        f"labels   {row.seen_text}",
        f"licence  {row.licence}",
        f"input    {_input(row)}",
        f"from     {row.address or 'a file of yours'}",
        f"SHA-256  {_hash(row)}",
        *([f"note     {row.note}"] if row.note else []),
        *([] if row.encoder else [f"note     {NOT_READ}"]),
    ]


def markdown() -> str:
    """The whole table, a part for each heading."""
    parts = []
    for title, rows in GROUPS.items():
        parts.append(f"### {title}\n")
        parts.append(
            "| name | what it learned, and from whom | expression labels seen | licence | input | weights |"
        )
        parts.append("|---|---|---|---|---|---|")
        parts += [f"| {' | '.join(_cells(row))} |" for row in rows]
        parts.append("")
    return "\n".join(parts)


def _cells(row: Pretrained) -> list[str]:
    notes = [note for note in (row.note, "" if row.encoder else NOT_READ) if note]
    learned = row.learned + "".join(f"; {note}" for note in notes)
    weights = "a file of yours" if row.address is None else f"[{row.hub or row.file}]({row.address})"
    return [
        f"`{row.name}`",
        learned,
        row.seen_text,
        row.licence,
        _input(row),
        f"{weights}, SHA-256 {_hash(row)}",
    ]


def _input(row: Pretrained) -> str:
    """Size and normalisation."""
    size = f"{row.input_px} px" if row.input_px else "its encoder's own"
    if row.mean is None or row.std is None:
        return size
    if (row.mean, row.std) == (IMAGENET_MEAN, IMAGENET_STD):
        return f"{size}, ImageNet's mean and std"
    return f"{size}, mean {_numbers(row.mean)}, std {_numbers(row.std)}"


def _numbers(values: tuple[float, ...]) -> str:
    """Three numbers, or one if they are alike."""
    return " ".join(dict.fromkeys(f"{value:.4g}" for value in values))


def _hash(row: Pretrained) -> str:
    if not row.sha256:
        return "unknown, recorded on first download"
    return row.sha256 if len(row.sha256) == 64 else f"{row.sha256}..."
