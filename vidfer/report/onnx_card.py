"""The model card of an ONNX file, beside it under its name: ``faces.md`` of ``faces.onnx``."""

from __future__ import annotations

import re
from pathlib import Path

from vidfer.files import write_text
from vidfer.included import ZOO
from vidfer.infer.onnx_file import OPSET, OnnxFacts
from vidfer.models.seen_labels import seen_labels
from vidfer.report.card_metadata import card_metadata, front
from vidfer.report.card_texts import LIMITS, NOT_MEASURED
from vidfer.report.licences import licence_lines
from vidfer.responsible_use import COMMAND, essence_markdown
from vidfer.runs.learned_from import front_matter, learned_from

CARD_OF_CHECKPOINT = "README.md"
LICENCE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")
"""How the hub writes a licence, such as ``apache-2.0``; anything else is a sentence."""

NO_FIGURES = "Not measured yet; `vidfer eval` measures the checkpoint, and `vidfer report` writes its card."


def card_path(onnx: Path) -> Path:
    """Where the card of an ONNX file is."""
    return onnx.with_suffix(".md")


def write_onnx_card(onnx: Path, facts: OnnxFacts, checkpoint: Path, difference: float) -> Path:
    """Write the card of an ONNX file and return its path.

    Figures and metadata are those of the card beside the checkpoint, if there is one.

    Args:
        onnx: the file.
        facts: what it says about itself.
        checkpoint: the folder of the checkpoint that it was made from.
        difference: the largest difference of a logit between both.
    """
    card = checkpoint / CARD_OF_CHECKPOINT
    known = card.read_text(encoding="utf-8") if card.is_file() else ""
    learned = learned_from(checkpoint)
    fields = card_metadata(onnx.stem, learned, (), few_shot=False) | front_matter(known)
    fields = {name: value for name, value in fields.items() if not name.startswith("license")}
    if LICENCE_ID.fullmatch(facts.licence):
        licence = {"license": facts.licence.lower()}
    else:
        licence = {"license": "other", "license_name": "see-the-card"}
    fields = licence | fields | {"tags": [*dict.fromkeys([*fields["tags"], "onnx"])]}
    name, px, regions = onnx.name, facts.crop_px, len(facts.regions)
    seen, essence = seen_labels(facts.seen).text(), essence_markdown(of_included=checkpoint.parent == ZOO)
    parts = [
        front(fields),
        f"# {name}\n",
        f"Names the expression of a face: {', '.join(facts.classes)}. An ONNX file (opset {OPSET}) of "
        f"checkpoint `{facts.checkpoint_hash}`. onnxruntime and PyTorch differ by at most {difference:.1e} "
        "in a logit.\n",
        f"## How to use it\n\n```\nvidfer predict film.mp4 --onnx {name}\n```\n\n"
        f'```python\nimport vidfer\n\nfor moment in vidfer.load("{name}").stream("film.mp4"):\n'
        "    print(moment.time_s, moment.face_id, moment.label)\n```\n\n"
        f"Without vidfer: input `crops` uint8 (windows, frames, {regions}, 3, {px}, {px}), RGB, of "
        f"{', '.join(facts.regions)}; input `frame_mask` bool (windows, frames); output `logits` in the "
        "order of the classes. The metadata of the file say how the crops are cut.\n",
        f"## Responsible use\n\n{essence}\n\n`{COMMAND}` prints this list.\n",
        f"## Data\n\nExpression labels that its weights have seen: {seen or 'none'}.\n",
        f"## Figures\n\n{_section(known, 'Figures') or NO_FIGURES}\n",
        f"## Whom it was measured on\n\n{_section(known, 'Whom it was measured on') or NOT_MEASURED}\n",
        f"## Limits\n\n{_section(known, 'Limits') or LIMITS}\n",
        f"## Licences\n\nThe file: {facts.licence}\n\nWhat it learned from:\n",
        *(f"- {line}" for line in licence_lines(learned)),
    ]
    write_text(card_path(onnx), "\n".join(parts) + "\n")
    return card_path(onnx)


def _section(card: str, title: str) -> str:
    """What stands below a heading of a card; empty if it has no such heading."""
    found = re.search(rf"^## {title}\s*$(.*?)(?=^## |\Z)", card, re.MULTILINE | re.DOTALL)
    return found.group(1).strip() if found else ""
