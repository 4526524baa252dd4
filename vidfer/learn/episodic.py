"""Train a few-shot head, episode by episode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import DataLoader

from vidfer.data.episodes import EpisodeSampler
from vidfer.data.settings import EpisodeSettings
from vidfer.errors import SettingError
from vidfer.infer.embed import embed_clips
from vidfer.infer.iterate import evaluating
from vidfer.learn.accelerator import share_buffers
from vidfer.learn.epoch import Epoch
from vidfer.learn.optimiser import take_step
from vidfer.models.recogniser import Recogniser
from vidfer.percent import percent
from vidfer.runs.run_folder import RunFolder


class EpisodeNet(nn.Module):
    """A recogniser with the loss of its head.

    Accelerate can add up gradients over processes only if one forward pass of one module does an episode.
    """

    def __init__(self, recogniser: Recogniser) -> None:
        super().__init__()
        self.recogniser = recogniser

    def forward(
        self, crops: Tensor, frame_mask: Tensor, labels: Tensor, ways: int, shots: int
    ) -> dict[str, Tensor]:
        """``loss`` and ``train_accuracy`` of one episode.

        Args:
            crops, frame_mask: N*K support clips, then the query clips, both ordered by class.
            labels: (B,) class numbers. They are not used: a head knows only the N classes of the episode.
            ways, shots: N and K.
        """
        clips = self.recogniser.embed(crops, frame_mask)
        support, query = clips[: ways * shots], clips[ways * shots :]
        classes = torch.arange(ways, device=crops.device)
        support_labels = classes.repeat_interleave(shots)
        query_labels = classes.repeat_interleave(len(query) // ways)
        loss, scores = self.recogniser.head.loss(support, support_labels, query, query_labels)
        return {"loss": loss, "train_accuracy": (scores.argmax(1) == query_labels).float().mean()}


def train_episodes(
    net: nn.Module,
    epoch: Epoch,
    optimiser: Optimizer,
    schedule: LRScheduler,
    noise: nn.Module,
    task: EpisodeSettings,
    *,
    clip_norm: float,
    **more: Any,
) -> dict[str, float]:
    """Do the episodes of an epoch that are not done yet.

    Args:
        net: prepared :class:`EpisodeNet` or :class:`vidfer.learn.egs.EgsNet`.
        epoch: its batches come from :class:`vidfer.data.episode_batches.EpisodeBatches`.
        optimiser, schedule: prepared.
        noise: turns uint8 crops into noised float crops, on their device.
        task: ways and shots of the episodes.
        clip_norm: largest norm of the gradient; 0 clips nothing.
        more: further arguments of the net, such as the ``learner`` of EGS-Net.

    Returns:
        What the net gives, as means over episodes and processes, and ``waiting``.

    Raises:
        RunError: the loss is not a finite number any more.
    """
    accelerator = epoch.accelerator
    net.train()
    noise.train()
    for batch in epoch:
        with accelerator.accumulate(net):
            clips = (noise(batch["crops"]), batch["frame_mask"], batch["label"])
            found = net(*clips, task.ways, task.shots, **more)
            take_step(found["loss"], net, optimiser, schedule, accelerator, clip_norm=clip_norm)
        epoch.add(**found)
    means = epoch.means()
    share_buffers(net, accelerator)
    return means


@torch.no_grad()
def validate_episodes(
    recogniser: Recogniser, loader: DataLoader, episodes: EpisodeSampler | None, accelerator: Accelerator
) -> float | None:
    """Mean accuracy over validation episodes; a query clip without a face counts as wrong.

    Each clip is embedded once. Every process computes all of it: to gather the maps from all processes would
    cost more than it saves.

    Args:
        recogniser: with encoder and head.
        loader: not prepared; gives all clips of the data set that the positions in ``episodes`` refer to.
        episodes: the validation episodes; without any the result is None.
        accelerator: tells device and number format.
    """
    if episodes is None:
        return None
    device = accelerator.device
    with evaluating(recogniser):
        with accelerator.autocast():
            maps = recogniser.head.compares_maps
            clips, has_face = embed_clips(recogniser, loader, device, maps=maps)
        clips, has_face = clips.to(device), torch.from_numpy(has_face).to(device)
        accuracies = []
        for episode in episodes:
            support, query, support_labels, query_labels = (
                torch.from_numpy(part).to(device)
                for part in (episode.support, episode.query, episode.support_labels, episode.query_labels)
            )
            chosen = recogniser.head(clips[support], support_labels, clips[query]).argmax(1)
            accuracies.append(((chosen == query_labels) & has_face[query]).float().mean())
    return float(torch.stack(accuracies).mean())


def validate_domains(
    recogniser: Recogniser,
    validation: Mapping[str, tuple[DataLoader, EpisodeSampler]],
    accelerator: Accelerator,
) -> tuple[float | None, dict[str, float]]:
    """Mean accuracy over several data sets, and the accuracy on each, see :func:`validate_episodes`.

    Args:
        recogniser: with encoder and head.
        validation: loader and episodes of each data set; without any the mean is None.
        accelerator: tells device and number format.
    """
    found = {
        name: validate_episodes(recogniser, loader, episodes, accelerator)
        for name, (loader, episodes) in validation.items()
    }
    return sum(found.values()) / len(found) if found else None, found


def check_head(recogniser: Recogniser, *, standardises: bool) -> None:
    """Raise a SettingError unless the head can be trained by episodes, and takes vectors if needed.

    Args:
        recogniser: with or without a head.
        standardises: whether the run standardises the vectors.
    """
    if recogniser.head is None:
        raise SettingError("--head none: there is nothing to train; choose a few-shot head")
    if standardises and recogniser.head.compares_maps:
        raise SettingError(
            f"--head {recogniser.settings.head.name} compares maps, which --standardise does not change; "
            "choose prototype, matching or similarity"
        )


def keep_untrained(run: RunFolder, recogniser: Recogniser, info: dict, accuracy: float | None) -> str:
    """Save a recogniser that has nothing to train: a frozen encoder and a head without parameters.

    Args:
        run: its folder gets the checkpoints ``best`` and ``last``.
        recogniser: to save.
        info: what the checkpoints say about it.
        accuracy: of the validation.

    Returns:
        A line for the terminal.
    """
    run.progress()  # forget what an earlier start of this run has logged
    for name in ("best", "last"):
        run.save_checkpoint(name, recogniser, info | {"epoch": 0, "val_accuracy": accuracy})
    run.log(0, val_accuracy=accuracy)
    validated = "" if accuracy is None else f"; validation accuracy {percent(accuracy, 1)}"
    why = "nothing to train: the encoder is frozen, the head has no parameters"
    return f"{why}{validated}; checkpoint in {run.path / 'checkpoints/best'}"
