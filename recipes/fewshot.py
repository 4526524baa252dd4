"""Train a few-shot head, episode by episode, on the base classes: CSRN (Kim et al., ICCE 2024), CRN
(Zhu et al. 2022: --model.head crn --model.conv4-pools 4), or a prototypical, matching or relation network.

Example: accelerate launch recipes/fewshot.py --cache cache/afew.h5 --out runs/csrn
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from accelerate.utils import set_seed
from tqdm.auto import tqdm

from vidfer.commands.recipe_settings import settings_from_command_line
from vidfer.data.dataset import ClipDataset
from vidfer.data.episode_batches import EpisodeBatches, training_episodes, validation_episodes
from vidfer.data.loader import build_loader
from vidfer.data.settings import DataSettings, EpisodeSettings, NoiseSettings
from vidfer.data.splits import labels_of
from vidfer.data.training_split import split_hash, training_split
from vidfer.errors import VidferError, exit_on_user_error
from vidfer.learn.accelerator import build_accelerator
from vidfer.learn.batch_norm import sync_batch_norm
from vidfer.learn.episodic import EpisodeNet, train_episodes, validate_episodes
from vidfer.learn.epoch import Epoch
from vidfer.learn.noised_input import NoisedInput
from vidfer.learn.optimiser import build_optimiser
from vidfer.learn.settings import OptimiserSettings
from vidfer.learn.start import start_from, unused_options
from vidfer.learn.whiten import check_whitening, whiten
from vidfer.models.build import build_recogniser
from vidfer.models.settings import ModelSettings
from vidfer.runs.run_folder import RunFolder
from vidfer.runs.settings import RunSettings
from vidfer.store.reader import CropCache

ADAM = OptimiserSettings(name="adam", lr=1e-3, weight_decay=0.0, warmup=0.0, clip_norm=0.5)
"""As published."""

MODEL = ModelSettings(encoder="conv4")


@dataclass(frozen=True, kw_only=True)
class Settings(RunSettings):
    """Train a few-shot head, episode by episode, on the base classes."""

    init: Path | None = None
    """Checkpoint folder whose encoder to start from; its encoder settings then replace those of --model."""
    freeze_encoder: bool = False
    """Leave the encoder of --init as it is and train the head alone."""
    whiten: str | None = None
    """Base class that shows no expression, as neutral: directions in which the vectors of its training clips
    differ (who it is, how the head is held) are made small. Needs --freeze-encoder, and a head of vectors."""
    whiten_shrinkage: float = 1 / 60
    """What --whiten adds to the variance of every direction, as a share of the sum over all directions."""
    model: ModelSettings = field(default_factory=lambda: MODEL)
    data: DataSettings = field(default_factory=DataSettings)
    noise: NoiseSettings = field(default_factory=NoiseSettings)
    optimiser: OptimiserSettings = field(default_factory=lambda: ADAM)
    episodes: EpisodeSettings = field(default_factory=EpisodeSettings)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.freeze_encoder and self.init is None:
            raise VidferError("--freeze-encoder needs --init: random weights must be trained")
        if self.whiten is not None and not self.freeze_encoder:
            raise VidferError(
                "--whiten needs --init and --freeze-encoder: what is trained would not fit it any more"
            )
        if self.whiten is None and self.whiten_shrinkage != Settings.whiten_shrinkage:
            raise VidferError(
                f"--whiten-shrinkage {self.whiten_shrinkage}: there is no --whiten; name the class without "
                f"expression with it, or leave both out"
            )


def main(settings: Settings) -> None:
    # Whole episodes go to the processes: a step sees as many episodes as there are processes.
    accelerator = build_accelerator(settings, settings.optimiser, split_batches=False)
    set_seed(settings.seed)
    task, frames, workers = settings.episodes, settings.data.frames, settings.data.workers

    # Where to start from; what an encoder was trained on before can never be novel again
    start = start_from(settings.init, settings.data.novel) if settings.init else None
    seen = start.seen if start else ()

    # Data
    cache = CropCache(settings.cache)
    split = training_split(cache, settings.data)
    base_classes = list(dict.fromkeys((*split.classes, *seen)))
    if start:
        start.check_split(cache, split)
    about = {"cache_hash": cache.content_hash, "split_hash": split_hash(cache, split)}
    about |= {"classes": split.classes, "base_classes": base_classes}
    if settings.whiten is not None:
        check_whitening(settings.whiten, settings.whiten_shrinkage, cache, split)
    train_labels, val_labels = (labels_of(cache, clips, split.classes) for clips in (split.train, split.val))
    train_clips = ClipDataset(
        cache.path,
        split.train,
        train_labels,
        n_frames=frames,
        training=True,
        seed=settings.seed,
        decode=settings.data.decode,
    )
    val_clips = ClipDataset(cache.path, split.val, val_labels, n_frames=frames)
    batches = EpisodeBatches(training_episodes(cache, split.train, split.classes, task, seed=settings.seed))
    train_loader = build_loader(
        train_clips,
        batches.batch_size,
        batches=batches,
        workers=workers,
        pin_memory=accelerator.device.type == "cuda",
    )
    val_loader = build_loader(val_clips, batches.batch_size, workers=workers)
    val_episodes = validation_episodes(cache, split.val, split.classes, task, seed=settings.data.split_seed)

    # Model, noise, optimiser
    model_settings = start.model_settings(settings.model) if start else settings.model
    if settings.whiten is not None:
        model_settings = replace(model_settings, whitened=True)
    recogniser = build_recogniser(model_settings)
    if recogniser.head is None:
        raise VidferError("--model.head None: nothing to train by episodes; choose a few-shot head")
    if settings.whiten is not None and recogniser.head.compares_maps:
        raise VidferError(
            f"--model.head {model_settings.head} compares maps, which --whiten leaves as they are; choose "
            "prototype, matching or similarity"
        )
    if start:
        start.fill(recogniser)
    if settings.freeze_encoder:
        recogniser.freeze_encoder()
    net = EpisodeNet(recogniser)
    noise = NoisedInput(settings.noise, model_settings)
    if settings.sync_batch_norm:
        net = sync_batch_norm(net, accelerator)
    # Prototypes and matching have no parameters of their own
    to_train = any(parameter.requires_grad for parameter in net.parameters())
    if to_train:
        optimiser, schedule = build_optimiser(
            net,
            settings.optimiser,
            epochs=task.epochs,
            batches=len(train_loader),
            processes=accelerator.num_processes,
        )

    run = RunFolder(settings, accelerator)
    run.save_data(split, cache)
    accelerator.print(f"{len(split.train)} clips to train on, {len(split.val)} to validate on ({split.note})")
    for line in unused_options(settings.model, model_settings, MODEL):
        accelerator.print(line)
    if val_episodes is None:
        accelerator.print("too few validation clips for an episode: the last checkpoint will be the best")
    recogniser.to(accelerator.device)
    if settings.whiten is not None:
        how = {"frames": frames, "workers": workers, "device": accelerator.device}
        whiten(recogniser, settings.whiten, settings.whiten_shrinkage, cache, split, **how)
    if not to_train:
        run.progress()  # forgets what an earlier start of the run has logged
        accuracy = None
        if val_episodes is not None:
            accuracy = validate_episodes(recogniser, val_loader, val_episodes, accelerator)
        for name in ("best", "last"):
            run.save_checkpoint(name, recogniser, about | {"epoch": 0, "val_accuracy": accuracy})
        run.log(0, val_accuracy=accuracy)
        found = "" if accuracy is None else f"; validation accuracy {accuracy:.1%} ({val_episodes.ways}-way)"
        accelerator.print(
            f"nothing is left to train: the encoder is frozen, the head has no parameters{found}"
        )
        accelerator.print(f"checkpoint in {run.path / 'checkpoints/best'}")
        accelerator.end_training()
        return
    net, optimiser, schedule, train_loader = accelerator.prepare(net, optimiser, schedule, train_loader)

    progress = run.progress() or {"epoch": 0, "best": -1.0}
    run.load_state()
    for number in range(progress["epoch"], task.epochs):
        name = f"epoch {number + 1}/{task.epochs}"
        bar = partial(tqdm, desc=name, leave=False, disable=not accelerator.is_main_process)
        epoch = Epoch(train_loader, run, number, progress, bar=bar)
        train_clips.set_epoch(number)
        means = train_episodes(
            net,
            epoch,
            optimiser,
            schedule,
            noise=noise,
            clip_norm=settings.optimiser.clip_norm,
            ways=task.ways,
            shots=task.shots,
        )
        accuracy = None
        if val_episodes is not None:
            accuracy = validate_episodes(recogniser, val_loader, val_episodes, accelerator)
        info = about | {"epoch": number + 1, "val_accuracy": accuracy}
        if accuracy is None or accuracy >= progress["best"]:  # of equals the later one
            progress["best"] = accuracy
            run.save_checkpoint("best", recogniser, info)
        run.save_checkpoint("last", recogniser, info)
        scores = {"val_accuracy": accuracy, "lr": schedule.get_last_lr()[0]}
        run.log(number + 1, epoch=number + 1, **means, **scores)
        progress["epoch"] = number + 1
        run.save_state(progress)
        found = "" if accuracy is None else f", validation accuracy {accuracy:.1%} ({val_episodes.ways}-way)"
        accelerator.print(
            f"{name}: loss {means['loss']:.4f}{found}; waiting for data {means['waiting']:.1%} of the time"
        )

    accelerator.print(f"checkpoint in {run.path / 'checkpoints/best'}")
    accelerator.end_training()


if __name__ == "__main__":
    with exit_on_user_error("fewshot.py"):
        main(settings_from_command_line(Settings, __doc__))
