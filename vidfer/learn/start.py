"""Start a new model from a checkpoint, or learn from one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vidfer.data.splits import ClipSplit
from vidfer.data.training_split import check_same_split
from vidfer.errors import CheckpointError, SettingError
from vidfer.included import checkpoint_folder
from vidfer.models.build import build_recogniser
from vidfer.models.checkpoint import load_checkpoint
from vidfer.models.encoders.side_by_side_settings import side_by_side
from vidfer.models.pretrained.keep import kept_file
from vidfer.models.pretrained.load_weights import load_weights
from vidfer.models.pretrained.named_weights import SINGLE, named_weights
from vidfer.models.pretrained.seen_by_weights import seen_by, seen_by_file
from vidfer.models.pretrained.table import pretrained
from vidfer.models.recogniser import Recogniser
from vidfer.models.settings import INIT, ModelSettings
from vidfer.names import Names, same_names
from vidfer.runs.data_record import domains_of
from vidfer.runs.read_run import read_record, run_of
from vidfer.store.reader import CropCache


@dataclass(frozen=True)
class Start:
    """A checkpoint to start from, and what it was trained on."""

    folder: Path
    """Of the checkpoint."""
    recogniser: Recogniser
    info: dict
    """What the checkpoint was saved with."""

    @property
    def base_classes(self) -> tuple[str, ...]:
        """Classes that it was trained on, now or before; these can never be novel again."""
        return (*self.recogniser.classes, *self.info.get("base_classes", ()))

    def model_settings(self, request: ModelSettings) -> ModelSettings:
        """Settings of the other encoder and its whitening, with the head and the dropout of ``request``.

        Where the encoder of ``request`` has a place for the other one among several, the other one takes it.

        Raises:
            SettingError: the other one stands for several, too.
        """
        other, parts = self.recogniser.settings, request.encoder.side_by_side
        if INIT not in parts:
            return replace(request, encoder=other.encoder, whitened=other.whitened)
        if other.encoder.side_by_side:
            raise SettingError(
                f"--encoder {request.encoder.title}: the encoder in {self.folder} is {other.encoder.title} "
                "already; start from the checkpoint of a single encoder"
            )
        return replace(
            request,
            encoder=side_by_side({**parts, INIT: parts[INIT].of(other.encoder)}, request.encoder.frozen),
        )

    def check_splits(self, caches: Sequence[CropCache], splits: Sequence[ClipSplit]) -> None:
        """:meth:`check_split` for each cache."""
        for cache, split in zip(caches, splits, strict=True):
            self.check_split(cache, split)

    def check_split(self, cache: CropCache, split: ClipSplit) -> None:
        """Raise a CheckpointError if it was trained on clips that would validate the new model.

        Compares the hashes of the splits if the classes are the same, and otherwise the clips one by one.
        """
        classes = self.recogniser.classes or tuple(self.info.get("classes", ()))
        if "split_hashes" in self.info or same_names(classes, split.classes):
            check_same_split(self.info, cache, split, self.folder)
        elif both := sorted(self.trained_on(cache) & {cache.clips[i].id for i in split.val}):
            raise CheckpointError(
                f"the model in {self.folder} was trained on {len(both)} of the {len(split.val)} validation "
                f"clips of {cache.path}, such as '{both[0]}', because it has other classes and so another "
                f"split; start from a model of the same classes, or of another cache"
            )

    def trained_on(self, cache: CropCache) -> set[str]:
        """Ids of the clips of a cache that it was trained on; none if it is not in its run folder."""
        data = read_record(run_of(self.folder), "data")
        here = [one for one in domains_of(data) if one.get("cache_hash") == cache.content_hash]
        return {clip for one in here for clip in one["train"]}

    def fill(self, recogniser: Recogniser, *, beside_others: bool = False) -> None:
        """Copy the weights of the encoder, and of its whitening, into another model.

        ``beside_others``: the encoder takes its place among several in the other model, without whitening.
        """
        encoder = recogniser.encoder.encoders[INIT] if beside_others else recogniser.encoder
        encoder.load_state_dict(self.recogniser.encoder.state_dict())
        if beside_others:
            return
        if self.recogniser.whitening is not None:
            recogniser.whitening.load_state_dict(self.recogniser.whitening.state_dict())


def start_from(folder: Path | None, novel: Sequence[str] = (), option: str = "--init") -> Start | None:
    """Load the checkpoint that an option names; None if the option is not given.

    Raises:
        CheckpointError: there is no checkpoint in the folder.
        SettingError: it was trained on a novel class.
    """
    if folder is None:
        return None
    start = Start(checkpoint_folder(folder), *load_checkpoint(folder))
    known = Names(start.base_classes)
    if again := sorted(name for name in novel if name in known):
        raise SettingError(
            f"--data.novel {again[0]}: the encoder in {folder} was trained on this class; name another "
            f"{option}"
        )
    return start


def base_classes(classes: Sequence[str], start: Start | None) -> list[str]:
    """The classes of this run, and those that the checkpoint it starts from was trained on."""
    known = Names(classes)
    return list(dict.fromkeys((*classes, *map(known.spelt, start.base_classes if start else ()))))


def build_model(
    settings: ModelSettings,
    classes: Sequence[str] = (),
    *,
    start: Start | None = None,
    weights: Sequence[Path] = (),
    freeze_encoder: bool = False,
    whitened: bool = False,
) -> Recogniser:
    """Build the model of a run.

    Args:
        settings: of the model. With ``start``, the settings of its encoder come from there.
        classes: of the classifier; none leaves it out.
        start: the checkpoint whose encoder to copy.
        weights: files of published weights for the encoder, see
            :func:`vidfer.models.pretrained.named_weights.named_weights`; by default the downloaded ones if it
            is a pretrained encoder.
        freeze_encoder: train everything but the encoder.
        whitened: build it with a whitening of its vectors, to be fitted later.

    Raises:
        CheckpointError: the weights are not here, damaged, or of another network.
    """
    beside_others = INIT in settings.encoder.side_by_side
    settings = start.model_settings(settings) if start else settings
    model = build_recogniser(replace(settings, whitened=True) if whitened else settings, classes)
    if start:
        start.fill(model, beside_others=beside_others)
        model.seen = start.recogniser.seen
    if start is None or beside_others:
        fill_from_published(model, weights)
    if freeze_encoder:
        model.freeze_encoder()
    return model


def fill_from_published(
    model: Recogniser, weights: Sequence[Path] = (), but: Collection[str] = (INIT,)
) -> None:
    """Copy published weights into each encoder that is a pretrained one, or for which a file is given.

    Args:
        model: it remembers which expression labels these weights have seen.
        weights: the files; by default the downloaded one of each pretrained encoder.
        but: names of encoders side by side that have their weights already.

    Raises:
        CheckpointError: the weights are not here, damaged, or of another network.
    """
    settings, files = model.settings.encoder, named_weights(weights, model.settings.encoder)
    for (name, one), encoder in zip(
        (settings.side_by_side or {SINGLE: settings}).items(), model.encoder.singles, strict=True
    ):
        if name in but or (one.pretrained is None and name not in files):
            continue
        file = files.get(name) or kept_file(one.pretrained)
        load_weights(encoder, file)
        # A file beside the name of a pretrained encoder holds the weights of that one.
        pre = one.pretrained
        model.seen = model.seen.joined(seen_by_file(file) if pre is None else seen_by(pretrained(pre)))
