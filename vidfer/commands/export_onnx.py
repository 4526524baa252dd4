"""``vidfer export-onnx``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from vidfer.commands.console import parse
from vidfer.commands.say import give, tell
from vidfer.errors import SettingError
from vidfer.reachable import check_can_write

EXAMPLES = (
    ("vidfer export-onnx basic7 --out basic7.onnx", "write the included network"),
    (
        "vidfer export-onnx runs/student --out student.onnx --licence CC-BY-4.0",
        "write a network of your own, with its licence",
    ),
)


def main(arguments: Sequence[str]) -> int:
    """``vidfer export-onnx``"""

    @dataclass(frozen=True, kw_only=True)
    class ExportOnnx:
        """Write the classifier of a checkpoint as an ONNX file, which runs without PyTorch.

        Number of windows and of frames stay free. The file is written only if onnxruntime gives the same as
        PyTorch. A model card is written beside it.
        """

        checkpoint: tyro.conf.Positional[str]
        """The network: a run folder, a checkpoint, or the name of an included network."""
        out: Path
        """The file to write, such as faces.onnx."""
        licence: str = ""
        """Under which terms the weights may be used, for the file's metadata. By default what the card of an
        included network says."""
        overwrite: bool = False
        """Replace --out if it exists."""

    options = parse(ExportOnnx, arguments, "export-onnx")
    if options.out.is_dir() or (options.out.exists() and not options.overwrite):
        what = "is a folder; give a file" if options.out.is_dir() else "exists; replace it with --overwrite"
        raise SettingError(f"--out {options.out} {what}, or choose another --out")
    check_can_write(options.out)
    from vidfer.included import checkpoint_folder
    from vidfer.infer.export_onnx import SHAPES, export_onnx
    from vidfer.infer.onnx_file import OPSET
    from vidfer.report.onnx_card import card_path, write_onnx_card

    card = card_path(options.out)
    if card.exists() and not options.overwrite:
        raise SettingError(
            f"the model card {card} exists; replace it with --overwrite, or choose another --out"
        )

    made = export_onnx(options.checkpoint, options.out, licence=options.licence)
    facts = made.facts
    tell(f"{options.out}: {', '.join(facts.classes)}; {made.n_bytes / 1e6:.1f} MB, opset {OPSET}")
    tell(
        f"input crops uint8 (windows, frames, {len(facts.regions)}, 3, {facts.crop_px}, {facts.crop_px}): "
        f"{', '.join(facts.regions)}, RGB; input frame_mask bool (windows, frames); output logits"
    )
    tell(
        f"onnxruntime and PyTorch differ by at most {made.difference:.1e} in a logit, in "
        f"{2 * len(SHAPES)} comparisons of windows and masks"
    )
    tell(f"licence: {facts.licence}")
    folder = checkpoint_folder(Path(options.checkpoint))
    card = write_onnx_card(options.out, facts, folder, made.difference)
    tell(f"card: {card}")
    give(
        options.out,
        card,
        classes=facts.classes,
        bytes=made.n_bytes,
        opset=OPSET,
        difference=made.difference,
        licence=facts.licence,
    )
    return 0
