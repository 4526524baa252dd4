"""Let a teacher label unlabelled clips, and train a student on labelled and pseudo-labelled ones.

Example: accelerate launch recipes/noisy_student.py --cache cache/afew.h5 \\
    --teacher runs/teacher --out runs/student
"""

from __future__ import annotations

import vidfer.passive_threads  # noqa: F401  # isort: skip

if __name__ == "__main__":
    from vidfer.commands.early_stop import end_quietly_on_early_stop

    end_quietly_on_early_stop()

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from accelerate.utils import set_seed
from torch.nn import Identity

from vidfer.commands.progress import Progress, epoch_bar
from vidfer.commands.recipe_settings import settings_from_command_line
from vidfer.commands.round_report import round_lines
from vidfer.commands.say import give_first, tell_first
from vidfer.commands.stopped import stopped_text
from vidfer.commands.time_left import TimeLeft
from vidfer.data.loader import build_loader
from vidfer.data.settings import DataSettings, NoiseSettings
from vidfer.data.training_split import split_info
from vidfer.errors import SettingError, exit_on_user_error
from vidfer.learn.accelerator import build_accelerator, check_shares, sync_batch_norm
from vidfer.learn.consistency import build_consistency
from vidfer.learn.epoch import Epoch
from vidfer.learn.finish_epoch import finish_epoch
from vidfer.learn.label_round import label_round
from vidfer.learn.noised_input import NoisedInput
from vidfer.learn.optimiser import build_optimiser
from vidfer.learn.settings import OptimSettings, PseudoLabelSettings, StudentSettings, TrainSettings
from vidfer.learn.side_by_side import fit_side_by_side
from vidfer.learn.start import base_classes, start_from
from vidfer.learn.student import build_student, student_settings
from vidfer.learn.student_data import data_seen_once, mixed_loader, student_data
from vidfer.learn.supervised import step_options, train_epoch
from vidfer.learn.validate import validate
from vidfer.models.ema import Ema
from vidfer.percent import percent
from vidfer.rare import Rare
from vidfer.runs.run_folder import RunFolder
from vidfer.runs.settings import RunSettings
from vidfer.store.reader import CropCache


@dataclass(frozen=True, kw_only=True)
class Settings(RunSettings):
    """Let a teacher label the unlabelled clips, and train a student on labelled and pseudo-labelled ones."""

    teacher: Path
    """Checkpoint folder of a trained classifier; its classes are the student's."""
    unlabelled: Path | None = None
    """Another crop cache whose clips the teacher labels; by default the unlabelled clips of --cache."""
    rounds: int = 1
    """Number of students to train, one after the other. Each becomes the teacher of the next."""
    corrections: Rare[tuple[Path, ...]] = ()
    """Pseudo-labels that people corrected: tables, such as those of another run, files of ELAN (.eaf), or
    what Label Studio exports (.json). Later ones count more."""
    stop_to_correct: Rare[bool] = False
    """Stop when the pseudo-labels of a round are written, so that people can correct them; then --resume."""
    from_teacher: bool = False
    """Start from the teacher's weights instead of from scratch."""
    freeze_encoder: bool = False
    """Leave the teacher's encoder as it is and train the classifier alone. Needs --from-teacher."""
    student: StudentSettings = field(default_factory=StudentSettings)
    pseudo: PseudoLabelSettings = field(default_factory=PseudoLabelSettings)
    data: DataSettings = field(default_factory=DataSettings)
    noise: NoiseSettings = field(default_factory=NoiseSettings)
    optim: OptimSettings = field(default_factory=OptimSettings)
    train: TrainSettings = field(default_factory=TrainSettings)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.rounds < 1:
            raise SettingError(f"--rounds {self.rounds}: at least one student is needed")
        if self.freeze_encoder and not self.from_teacher:
            raise SettingError("--freeze-encoder needs --from-teacher: random weights must be trained")


def main(settings: Settings) -> None:
    accelerator = build_accelerator(settings, settings.optim, split_batches=True)
    train, epochs, workers = settings.train, settings.train.epochs, settings.data.workers
    how = {"batch_size": train.batch_size, "workers": workers, "bar": Progress}
    loading = {"workers": workers, "pin_memory": accelerator.device.type == "cuda", "seed": settings.seed}
    check_shares(train.batch_size, accelerator.num_processes)

    # Data; the classes are the teacher's
    start = start_from(settings.teacher, settings.data.novel, "--teacher")
    reused = {"from_teacher": settings.from_teacher, "freeze_encoder": settings.freeze_encoder}
    network = student_settings(start.recogniser.settings, settings.student, settings.from_teacher)
    cache, other = CropCache(settings.cache), settings.unlabelled and CropCache(settings.unlabelled)
    sees, chosen = network.encoder, (settings.data, settings.pseudo)
    data = student_data(start, cache, other, *chosen, seed=settings.seed, regions=sees.regions)
    still = settings.noise.off and not train.blends and settings.pseudo.consistency == "none"
    if once := settings.freeze_encoder and still:  # a frozen encoder sees each clip the same in every epoch
        data = data_seen_once(data, start.recogniser, accelerator, workers)
    split, classes = data.split, data.split.classes
    val_loader = build_loader(data.val, train.batch_size, workers=workers)
    stepping = step_options(settings.optim, train, data.labelled.labels, len(classes))
    run = RunFolder(settings, accelerator)
    run.save_data(split, cache, other)
    info = split_info([cache], [split]) | {"base_classes": base_classes(classes, start)}
    tell_first(accelerator, data.summary)
    progress = {"best": -1.0, "best_of_all": -1.0}
    progress |= run.progress({"round": 1, "training_started": 0, "epoch": 0})
    for number in range(progress["round"], settings.rounds + 1):
        # The teacher labels, without noise
        teacher = start if number == 1 else start_from(run.path / f"checkpoints/round{number - 1}")
        started = progress["training_started"] == number
        found = label_round(number, run, teacher, data, settings.pseudo, started, settings.corrections, **how)
        if not started:
            run.log((number - 1) * epochs, round=number, pseudo_labels=found.summary)
        tell_first(accelerator, "\n".join(round_lines(number, found)))
        if settings.stop_to_correct and found.waits_for_corrections:
            told = f"correct {found.table}, as with `vidfer review {run.path}`, and go on with --resume"
            tell_first(accelerator, f"stopped; {told}")
            give_first(accelerator, found.table, metrics=run.path / "metrics.jsonl")
            break

        # The student learns, with noise
        set_seed(settings.seed + number - 1)
        model = build_student(network, teacher.recogniser, **reused)
        if not settings.freeze_encoder:
            fit_side_by_side(model, data.labelled, accelerator, workers)
        noise = Identity() if once else NoisedInput(settings.noise, sees.input_px, sees.regions)
        train_loader = mixed_loader(data, found.labels, settings.pseudo, train, **loading)
        if settings.sync_batch_norm:
            model = sync_batch_norm(model, accelerator)
        optimiser, schedule = build_optimiser(model, settings.optim, epochs=epochs, batches=len(train_loader))
        prepared = accelerator.prepare(model, optimiser, schedule, train_loader, val_loader)
        model, optimiser, schedule, train_loader, prepared_val_loader = prepared
        student = accelerator.unwrap_model(model, keep_torch_compile=False)
        consistency = build_consistency(settings.pseudo, settings.noise, student, accelerator)
        ema = Ema(student, train.ema_decay) if train.ema_decay else None
        kept = student if ema is None else ema.module
        run.load_state(ema)
        progress |= {"round": number, "training_started": number}
        info["teacher_hash"] = found.labels.teacher_hash
        best = {f"round{number}": "best", "best": "best_of_all"}
        left = TimeLeft((settings.rounds - number + 1) * epochs - progress["epoch"])
        for epoch_number in range(progress["epoch"], epochs):
            name = f"round {number}, epoch {epoch_number + 1}/{epochs}"
            n, bar = (number - 1) * epochs + epoch_number, epoch_bar(name, accelerator)
            epoch = Epoch(train_loader, run, n, progress, ema=ema, bar=bar)
            # Accelerate tells the sampler the epoch; with several processes it does not tell the clips.
            train_loader.dataset.set_epoch(epoch.number)
            means = train_epoch(model, epoch, optimiser, schedule, noise, consistency, **stepping)
            place, validated = {"round": number, "epoch": epoch_number + 1}, train.validates(epoch_number + 1)
            scores, known = validate(kept, [prepared_val_loader], accelerator) if validated else ({}, {})
            keeping = {"place": place, "info": info | known, "best": best}
            line = finish_epoch(epoch, kept, means, scores, schedule, **keeping)
            tell_first(accelerator, f"{name}: {line}{left.text()}")
        progress |= {"epoch": 0, "best": -1.0}
        accelerator.free_memory()
    else:
        best = f"best validation UAR {percent(progress['best_of_all'], 1)}"
        tell_first(accelerator, f"{best}; checkpoint in {run.path / 'checkpoints/best'}")
        tell_first(accelerator, f"next: vidfer eval --checkpoint {run.path} --cache {settings.cache}")
        give_first(accelerator, run.path / "checkpoints/best", metrics=run.path / "metrics.jsonl")
    accelerator.end_training()


if __name__ == "__main__":
    with exit_on_user_error("noisy_student.py", partial(stopped_text, "train noisy_student")):
        main(settings_from_command_line(Settings, __doc__))
