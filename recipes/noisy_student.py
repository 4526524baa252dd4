"""Let a teacher label unlabelled clips, and train a student on labelled and pseudo-labelled ones.

Example: accelerate launch recipes/noisy_student.py --cache cache/afew.h5 \\
    --teacher runs/teacher/checkpoints/best --out runs/student
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path

import torch
from accelerate.utils import set_seed
from tqdm.auto import tqdm

from vidfer.commands.console import Progress
from vidfer.commands.recipe_settings import settings_from_command_line
from vidfer.data.dataset import ClipDataset
from vidfer.data.loader import build_loader
from vidfer.data.mixed_batches import MixedBatches, MixedDataset
from vidfer.data.settings import DataSettings, NoiseSettings
from vidfer.data.splits import labels_of
from vidfer.data.training_split import (
    check_shares,
    split_hash,
    training_split,
    with_unlabelled,
)
from vidfer.errors import VidferError, exit_on_user_error
from vidfer.evaluate.intervals import wilson_interval
from vidfer.infer.labelling import label_clips
from vidfer.infer.predict import predict, war_uar
from vidfer.learn.accelerator import build_accelerator
from vidfer.learn.batch_norm import sync_batch_norm
from vidfer.learn.calibration import at_temperature, calibration_error, fit_temperature, n_known
from vidfer.learn.class_weights import class_weights
from vidfer.learn.corrections import with_corrections
from vidfer.learn.epoch import Epoch
from vidfer.learn.losses import smooth_targets
from vidfer.learn.noised_input import NoisedInput
from vidfer.learn.optimiser import build_optimiser
from vidfer.learn.pseudo_labels import from_predictions, write_pseudo_labels
from vidfer.learn.selection import check_quota, student_targets, summarise
from vidfer.learn.settings import OptimiserSettings, PseudoLabelSettings, StudentSettings, TrainSettings
from vidfer.learn.start import start_from
from vidfer.learn.student import student_settings
from vidfer.learn.supervised import train_epoch
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import checkpoint_hash, load_checkpoint
from vidfer.models.ema import Ema
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
    """How often a student is trained; each becomes the teacher of the next."""
    corrections: tuple[Path, ...] = ()
    """Tables of pseudo-labels that a person has corrected, such as those of another run; the later ones
    count more."""
    stop_to_correct: bool = False
    """Stop as soon as a round's pseudo-labels are written, so that a person can correct them; --resume goes
    on."""
    from_teacher: bool = False
    """Start from the teacher's weights instead of from scratch."""
    freeze_encoder: bool = False
    """Leave the teacher's encoder as it is and train the classifier alone. Needs --from-teacher."""
    student: StudentSettings = field(default_factory=StudentSettings)
    pseudo: PseudoLabelSettings = field(default_factory=PseudoLabelSettings)
    data: DataSettings = field(default_factory=DataSettings)
    noise: NoiseSettings = field(default_factory=NoiseSettings)
    optimiser: OptimiserSettings = field(default_factory=OptimiserSettings)
    train: TrainSettings = field(default_factory=TrainSettings)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.rounds < 1:
            raise VidferError(f"--rounds {self.rounds}: at least one student is needed")
        if self.freeze_encoder and not self.from_teacher:
            raise VidferError("--freeze-encoder needs --from-teacher: random weights must be trained")


def main(settings: Settings) -> None:
    accelerator = build_accelerator(settings, settings.optimiser, split_batches=True)
    main_process, processes = accelerator.is_main_process, accelerator.num_processes
    batch_size, epochs = settings.train.batch_size, settings.train.epochs
    check_shares(batch_size, processes, "--train.batch-size")

    # Data; the classes are the teacher's
    start = start_from(settings.teacher, settings.data.novel, "--teacher")
    teacher = start.recogniser
    if not teacher.classes:
        raise VidferError(f"{settings.teacher} has no classifier; name a checkpoint of recipes/supervised.py")
    student_model = student_settings(teacher.settings, settings.student, from_teacher=settings.from_teacher)
    cache = CropCache(settings.cache)
    other = CropCache(settings.unlabelled) if settings.unlabelled else None
    split = training_split(cache, replace(settings.data, classes=settings.data.classes or teacher.classes))
    if split.classes != teacher.classes:
        raise VidferError(
            f"--data.classes {' '.join(split.classes)}: the teacher knows {' '.join(teacher.classes)}; "
            f"leave the option out"
        )
    start.check_split(cache, split)
    split = with_unlabelled(split, cache, other, settings.data.novel)
    to_learn = sum((other or cache).clips[clip].n_faces > 0 for clip in split.unlabelled)
    check_quota(settings.pseudo.quota, to_learn)
    frames, workers = settings.data.frames, settings.data.workers
    train_labels, val_labels = (labels_of(cache, clips, split.classes) for clips in (split.train, split.val))
    to_train = {"n_frames": frames, "training": True, "seed": settings.seed, "decode": settings.data.decode}
    labelled_clips = ClipDataset(cache.path, split.train, train_labels, **to_train)
    labelled_targets = smooth_targets(
        torch.from_numpy(train_labels), len(split.classes), settings.train.label_smoothing
    )
    pool = (other or cache).path
    clips_to_label = ClipDataset(pool, split.unlabelled, n_frames=frames)
    pseudo_clips = ClipDataset(pool, split.unlabelled, **to_train)
    val_clips = ClipDataset(cache.path, split.val, val_labels, n_frames=frames)
    val_loader = build_loader(val_clips, batch_size, workers=workers)

    run = RunFolder(settings, accelerator)
    run.save_data(split, cache, other)
    accelerator.print(
        f"{len(split.train)} labelled and {len(split.unlabelled)} unlabelled clips, "
        f"{len(split.val)} to validate on ({split.note})"
    )
    progress = run.progress() or {"round": 1, "begun": 0, "epoch": 0, "step": 0}
    progress = {"best": -1.0, "best_of_all": -1.0} | progress

    for number in range(progress["round"], settings.rounds + 1):
        # The teacher labels, without noise
        teacher_folder = settings.teacher if number == 1 else run.path / f"checkpoints/round{number - 1}"
        teacher = start.recogniser if number == 1 else load_checkpoint(teacher_folder)[0]
        teacher_hash = checkpoint_hash(teacher_folder)
        tables = [run.path / f"pseudo_labels/round{n}.csv" for n in range(1, number + 1)]
        said, to_label = {}, {"unlabelled": clips_to_label}
        if settings.pseudo.calibrate:
            to_label["val"] = val_clips
        for what, clips in to_label.items():
            with Progress(f"round {number}: labelling {what} clips", "batch") as bar:
                said[what] = label_clips(
                    teacher.to(accelerator.device),
                    clips,
                    tables[-1].with_suffix(f".{what}.safetensors"),
                    accelerator,
                    key=teacher_hash,
                    batch_size=batch_size,
                    workers=workers,
                    progress=bar if main_process else None,
                )
        selection = asdict(settings.pseudo)
        if settings.pseudo.calibrate and (known := n_known(said["val"])) < settings.pseudo.calibrate_from:
            accelerator.print(
                f"round {number}: {known} validation clips are too few to say how sure the teacher may be; "
                f"its confidence is taken as it is (--pseudo.calibrate-from {settings.pseudo.calibrate_from})"
            )
        elif settings.pseudo.calibrate:
            selection["temperature"] = temperature = fit_temperature(said["val"])
            before, after = (calibration_error(at_temperature(said["val"], t)) for t in (1.0, temperature))
            said["unlabelled"] = at_temperature(said["unlabelled"], temperature)
            accelerator.print(
                f"round {number}: the teacher's temperature is {temperature:.2f}; on validation clips "
                f"its confidence is {before:.1%} off without and {after:.1%} with it"
            )

        # A person may have corrected the labels, and the student learns from those that are confident
        labels = from_predictions(said["unlabelled"], other or cache, split.classes, teacher_hash)
        begun, new_table = progress["begun"] == number, not tables[-1].exists()
        earlier = [*settings.corrections, *filter(Path.exists, tables[:-1])]
        labels, too_late = with_corrections(labels, tables[-1], earlier, settings.pseudo, begun=begun)
        accelerator.wait_for_everyone()  # all have read the table
        if main_process and (not begun or new_table):
            write_pseudo_labels(labels, tables[-1], selection)
        summary = summarise(labels)
        if not begun:
            run.log(progress["step"], round=number, pseudo_labels=summary)
        accelerator.print(
            f"round {number}: {summary['selected']} of {summary['clips']} pseudo-labelled clips are chosen, "
            f"{summary['pool']} with repetitions: {summary['pool_per_class']}"
        )
        if summary["corrected"]:
            # Whoever writes down mistakes alone says nothing about how often the teacher is right.
            right = summary["right"] and wilson_interval(summary["right"], summary["checked"])
            found = f"; the teacher is right in {right} that were checked in this round" if right else ""
            accelerator.print(f"round {number}: a person has corrected {summary['corrected']} clips{found}")
        if too_late:
            accelerator.print(
                f"round {number}: {too_late} corrections in {tables[-1]} came after the student had begun; "
                f"the next round honours them, and so does --corrections in a new run"
            )
        if settings.stop_to_correct and new_table and not begun:
            accelerator.print(f"stopped; correct {tables[-1]} and go on with --resume")
            accelerator.end_training()
            return

        # The student learns, with noise
        set_seed(settings.seed + number - 1)
        student = build_recogniser(student_model, split.classes)
        if settings.from_teacher:
            student.load_state_dict(teacher.state_dict())
        if settings.freeze_encoder:
            student.freeze_encoder()
        noise = NoisedInput(settings.noise, student.settings)
        pseudo_targets = torch.from_numpy(student_targets(labels, soft=settings.pseudo.soft))
        mixed = MixedDataset(labelled_clips, pseudo_clips, labelled_targets, pseudo_targets)
        batches = MixedBatches(
            train_labels,
            labels.weights,
            batch_size=batch_size,
            ratio=settings.pseudo.ratio,
            balanced=settings.train.balanced,
            seed=settings.seed,
        )
        pinned = accelerator.device.type == "cuda"
        train_loader = build_loader(mixed, batch_size, batches=batches, workers=workers, pin_memory=pinned)
        if settings.sync_batch_norm:
            student = sync_batch_norm(student, accelerator)
        optimiser, schedule = build_optimiser(
            student, settings.optimiser, epochs=epochs, batches=len(train_loader)
        )
        model, optimiser, schedule, train_loader, val_loader_here = accelerator.prepare(
            student, optimiser, schedule, train_loader, val_loader
        )
        student = accelerator.unwrap_model(model)
        ema = Ema(student, settings.train.ema_decay) if settings.train.ema_decay else None
        kept = student if ema is None else ema.module
        run.load_state(ema)
        progress |= {"round": number, "begun": number}
        for epoch_number in range(progress["epoch"], epochs):
            name = f"round {number}, epoch {epoch_number + 1}/{epochs}"
            bar = partial(tqdm, desc=name, leave=False, disable=not main_process)
            epoch = Epoch(train_loader, run, (number - 1) * epochs + epoch_number, progress, ema=ema, bar=bar)
            # Accelerate tells the order to start the epoch; shared by processes, it does not tell the clips.
            mixed.set_epoch(epoch.number)
            means = train_epoch(
                model,
                epoch,
                optimiser,
                schedule,
                noise=noise,
                clip_norm=settings.optimiser.clip_norm,
                class_weights=class_weights(train_labels, len(split.classes), settings.train),
            )
            war, uar = war_uar(predict(kept, val_loader_here, accelerator))
            info = {"cache_hash": cache.content_hash, "split_hash": split_hash(cache, split)}
            info |= {"round": number, "epoch": epoch_number + 1}
            # What the teacher has ever been trained on speaks through its pseudo-labels, and its weights.
            info |= {"base_classes": list(dict.fromkeys((*split.classes, *start.seen)))}
            info |= {"val_uar": uar, "val_war": war, "teacher_hash": labels.teacher_hash}
            if uar >= progress["best"]:  # of equals the later one, which was trained longer
                progress["best"] = uar
                run.save_checkpoint(f"round{number}", kept, info)
            if uar >= progress["best_of_all"]:
                progress["best_of_all"] = uar
                run.save_checkpoint("best", kept, info)
            run.save_checkpoint("last", kept, info)
            progress |= {"epoch": epoch_number + 1, "step": progress["step"] + 1}
            scores = {"val_uar": uar, "val_war": war, "lr": schedule.get_last_lr()[0]}
            run.log(progress["step"], round=number, epoch=epoch_number + 1, **means, **scores)
            run.save_state(progress, ema)
            accelerator.print(
                f"{name}: loss {means['loss']:.3f}, validation UAR {uar:.1%}, WAR {war:.1%}; "
                f"waiting for data {means['waiting']:.1%} of the time"
            )
        progress |= {"epoch": 0, "best": -1.0}
        accelerator.free_memory()

    accelerator.print(
        f"best validation UAR {progress['best_of_all']:.1%}; checkpoint in {run.path / 'checkpoints/best'}"
    )
    accelerator.end_training()


if __name__ == "__main__":
    with exit_on_user_error("noisy_student.py"):
        main(settings_from_command_line(Settings, __doc__))
