"""A checkpoint that a new model starts from, or learns from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vidfer.data.splits import ClipSplit
from vidfer.data.training_split import check_same_split
from vidfer.errors import VidferError
from vidfer.models.checkpoint import load_checkpoint
from vidfer.models.recogniser import Recogniser
from vidfer.models.settings import ModelSettings
from vidfer.runs.data_record import domains_of
from vidfer.store.reader import CropCache

NOT_OF_THE_ENCODER = (
    *("head", "prototype_weight", "pairing", "distance", "cosine_scale", "head_regions"),
    *("js_weight", "js_form", "dropout"),
)
"""Settings of the model that do not come with another model's encoder."""


@dataclass(frozen=True)
class Start:
    """Another model's encoder, and what it has seen."""

    folder: Path
    """Of the checkpoint."""
    recogniser: Recogniser
    info: dict
    """What the checkpoint was saved with."""

    @property
    def seen(self) -> tuple[str, ...]:
        """Classes that it was trained on; these can never be novel again."""
        return (*self.recogniser.classes, *self.info.get("base_classes", ()))

    def model_settings(self, asked: ModelSettings) -> ModelSettings:
        """Settings of the other encoder, with the head and the classifier that are ``asked`` for."""
        return replace(
            self.recogniser.settings, **{name: getattr(asked, name) for name in NOT_OF_THE_ENCODER}
        )

    def check_split(self, cache: CropCache, split: ClipSplit) -> None:
        """Raises a VidferError if clips of the cache that choose the new model are such as it was trained on:
        by the hash of the split where the classes are the same, otherwise clip by clip."""
        classes = self.recogniser.classes or tuple(self.info.get("classes", ()))
        if "split_hashes" in self.info or classes == split.classes:
            check_same_split(self.info, cache, split, self.folder)
        elif both := sorted(self.trained_on(cache) & {cache.clips[i].id for i in split.val}):
            raise VidferError(
                f"the model in {self.folder} was trained on {len(both)} of the {len(split.val)} clips of "
                f"{cache.path} that are to validate the new one, such as '{both[0]}': other classes make "
                "another split; start from a model of the same classes, or of another cache"
            )

    def trained_on(self, cache: CropCache) -> set[str]:
        """Ids of the clips of a cache that it was trained on, as far as the run folder around it says."""
        record = self.folder.resolve().parent.parent / "data.json"
        data = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
        here = [one for one in domains_of(data) if one.get("cache_hash") == cache.content_hash]
        return {clip for one in here for clip in one["train"]}

    def fill(self, recogniser: Recogniser) -> None:
        """Copies the encoder's weights, and the whitening that belongs to them, in place."""
        recogniser.encoder.load_state_dict(self.recogniser.encoder.state_dict())
        if self.recogniser.whitening is not None:
            recogniser.whitening.load_state_dict(self.recogniser.whitening.state_dict())


def unused_options(asked: ModelSettings, used: ModelSettings, usual: ModelSettings) -> list[str]:
    """A line for each option of the model that was asked for and changes nothing in this run.

    Args:
        asked: the options, and the protocol's.
        used: what the model is built from, which may have come with another model's encoder.
        usual: the recipe's own settings; what is as in these was not asked for.
    """
    elsewhere, lines = used.without_effect(), []
    for name, value in vars(asked).items():
        option = f"--model.{name.replace('_', '-')} {value}"
        if value == getattr(usual, name):
            continue
        if value != getattr(used, name):
            lines.append(
                f"{option} has no effect: the encoder that this starts from has {getattr(used, name)}"
            )
        elif name in elsewhere:
            lines.append(f"{option} has no effect: it is for {elsewhere[name]}")
    return lines


def start_from(folder: Path, novel: Sequence[str], option: str = "--init") -> Start:
    """What an option names.

    Raises:
        VidferError: no checkpoint there, or one that was trained on a novel class.
    """
    start = Start(folder, *load_checkpoint(folder))
    if again := sorted({*novel} & {*start.seen}):
        raise VidferError(
            f"--data.novel {again[0]}: the encoder in {folder} was trained on this class; name another "
            f"{option}"
        )
    return start
