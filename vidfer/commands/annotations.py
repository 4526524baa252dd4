"""``vidfer annotations``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from vidfer.commands.console import parse
from vidfer.commands.prediction_files import tell_kept
from vidfer.commands.say import give, tell
from vidfer.errors import SettingError

EXAMPLES = (
    (
        "vidfer annotations predictions/interview --out eaf --elan",
        "write the segments of a film for ELAN",
    ),
    (
        "vidfer annotations runs/student --root AFEW --out tasks --label-studio",
        "write the pseudo-labels of a run for Label Studio",
    ),
)


def main(arguments: Sequence[str]) -> int:
    """``vidfer annotations``"""

    @dataclass(frozen=True, kw_only=True)
    class Annotations:
        """Write labels for people who correct them in ELAN, Praat or Label Studio: the pseudo-labels of a
        round of noisy_student.py, or the segments of `vidfer predict`. Files that were corrected are kept."""

        run: tyro.conf.Positional[Path]
        """The --out of noisy_student.py or of `vidfer predict`."""
        out: Path
        """The folder for the files."""
        elan: bool = False
        """An .eaf for each video, with a tier for each face and the expressions as a list to choose from."""
        textgrid: bool = False
        """Praat's .TextGrid for each video."""
        label_studio: bool = False
        """Tasks to import into Label Studio, and the labelling configuration."""
        root: Path | None = None
        """The folder of the videos, as the cache was made with; needed for pseudo-labels."""
        round: int | None = None
        """Round of the pseudo-labels; by default the latest."""
        cache: Path | None = None
        """The cache of the pseudo-labelled clips, where it is not where the run was started with."""

    options = parse(Annotations, arguments)
    kinds = {name: getattr(options, name) for name in ("elan", "textgrid", "label_studio")}
    if not any(kinds.values()):
        raise SettingError("nothing is asked for; give one or more of --elan, --textgrid, --label-studio")
    from vidfer.infer.prediction_folder import ABOUT

    if (options.run / ABOUT).exists():
        from vidfer.infer.prediction_folder import read_prediction
        from vidfer.report.export_annotations import export_prediction

        written = export_prediction(read_prediction(options.run), options.out, **kinds)
    else:
        from vidfer.learn.round_table import open_round
        from vidfer.report.export_pseudo_labels import export_round

        if options.root is None:
            raise SettingError("the cache does not say where the videos are; name their folder with --root")
        table = open_round(options.run, options.round, options.cache)
        written = export_round(table, options.root, options.out, **kinds)
    for file in written.files[:3]:
        tell(file)
    if len(written.files) > 3:
        tell(f"and {len(written.files) - 3} more files in {options.out}")
    if written.served is not None:
        tell(f"Label Studio: start it with LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT={written.served}")
    tell_kept(written.kept)
    give(*written.files, files=len(written.files), kept=written.kept)
    return 1 if written.kept else 0
