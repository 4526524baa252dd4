"""One round of the noisy student: the teacher labels the clips, and people may correct its labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path

from vidfer.data.dataset import ClipDataset
from vidfer.infer.labelling import label_clips
from vidfer.infer.predict import Predictions
from vidfer.learn.calibration import calibrate
from vidfer.learn.corrections import with_corrections
from vidfer.learn.pseudo_labels import PseudoLabels, from_predictions, write_pseudo_labels
from vidfer.learn.selection import summarise
from vidfer.learn.settings import PseudoLabelSettings
from vidfer.learn.start import Start
from vidfer.learn.student_data import StudentData
from vidfer.models.checkpoint import checkpoint_hash
from vidfer.runs.run_folder import RunFolder

Bar = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]
"""Makes a progress bar with a title."""


@dataclass(frozen=True)
class RoundLabels:
    """The pseudo-labels that the student of a round learns from."""

    labels: PseudoLabels
    summary: dict
    """Counts for the log, see :func:`vidfer.learn.selection.summarise`."""
    table: Path
    """The CSV file of the round, in which people correct labels."""
    waits_for_corrections: bool
    """The table was written just now, and its student has not started."""
    late_corrections: int
    """Corrections that came after the student had started; it does not learn from them."""
    notes: tuple[str, ...]
    """What calibration did, for people."""


def label_round(
    number: int,
    run: RunFolder,
    teacher: Start,
    data: StudentData,
    settings: PseudoLabelSettings,
    training_started: bool,
    corrections: Sequence[Path],
    *,
    batch_size: int,
    workers: int,
    bar: Bar,
) -> RoundLabels:
    """Let the teacher label the clips of a round, and select the labels that the student learns from.

    Whatever a former start of the run has finished is read from the run folder.

    Args:
        number: of the round, from 1.
        run: the folder of the run; the labels go into its ``pseudo_labels``.
        teacher: a checkpoint with a classifier.
        data: the clips to label, and the validation clips on which the teacher's confidence is calibrated.
        settings: of the calibration and of the selection.
        training_started: whether the student of this round has started.
        corrections: tables with corrections from other runs.
        batch_size, workers: of the loaders; they do not change the result.
        bar: makes a progress bar with a title.

    Raises:
        RunError: a file in the run folder is damaged or from another teacher.
        DataError: a table has a correction that cannot be used, or no label is confident enough.
    """
    accelerator, folder = run.accelerator, run.path / "pseudo_labels"
    tables = [folder / f"round{n}.csv" for n in range(1, number + 1)]
    table = tables[-1]
    model, teacher_hash = teacher.recogniser.to(accelerator.device), checkpoint_hash(teacher.folder)

    def predictions_of(clips: ClipDataset, name: str) -> Predictions:
        file = table.with_suffix(f".{name}.safetensors")
        how = {"key": teacher_hash, "batch_size": batch_size, "workers": workers}
        with bar(f"round {number}: labelling {name} clips") as progress:
            shown = progress if accelerator.is_main_process else None
            return label_clips(model, clips, file, accelerator, **how, progress=shown)

    predictions, selection, notes = predictions_of(data.to_label, "unlabelled"), asdict(settings), ()
    if settings.calibrate:
        on_val = predictions_of(data.val, "val")
        predictions, temperature, note = calibrate(predictions, on_val, settings.min_calibration_clips)
        selection |= {} if temperature is None else {"temperature": temperature}
        notes = (note,)

    labels = from_predictions(predictions, data.to_label.cache, model.classes, teacher_hash)
    is_new = not table.exists()
    earlier = [*corrections, *filter(Path.exists, tables[:-1])]
    labels, late = with_corrections(labels, table, earlier, settings, training_started=training_started)
    accelerator.wait_for_everyone()  # all processes have read the table
    if accelerator.is_main_process and (is_new or not training_started):
        write_pseudo_labels(labels, table, selection)
    waits = is_new and not training_started
    return RoundLabels(labels, summarise(labels), table, waits, late, notes)
