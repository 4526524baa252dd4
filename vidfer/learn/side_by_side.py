"""Fit the standardising of encoders side by side on the clips to train on."""

from __future__ import annotations

from accelerate import Accelerator

from vidfer.data.dataset import ClipDataset
from vidfer.data.joined_clips import JoinedClips
from vidfer.errors import CheckpointError, DataError
from vidfer.infer.features import single_vectors
from vidfer.models.recogniser import Recogniser


def fit_side_by_side(
    recogniser: Recogniser, clips: ClipDataset | JoinedClips, accelerator: Accelerator, workers: int
) -> None:
    """Fit the standardising of those encoders side by side that stay as they are, without noise.

    Their vectors are kept beside the cache. What a checkpoint has brought along is not fitted again. The
    standardising of an encoder that is to be trained will follow it. Nothing is done for a single encoder.

    Args:
        recogniser: to fit, moved to the device of the run.
        clips: to train on.
        accelerator: of the run. Every process comes to the same.
        workers: loader processes.

    Raises:
        DataError: fewer than two of the clips have a face.
        CheckpointError: an encoder gives the same vector for all clips.
    """
    encoder, settings = recogniser.encoder, recogniser.settings.encoder
    recogniser.to(accelerator.device)
    for name, of_one in settings.side_by_side.items():
        standardising = encoder.standardising[name]
        if not (recogniser.encoder_frozen or name in settings.frozen):
            standardising.follow()
        elif not standardising.fitted:
            how = {"device": accelerator.device, "workers": workers}
            with accelerator.main_process_first():
                vectors, has_face = single_vectors(encoder.encoders[name], of_one, clips, **how)
            if has_face.sum() < 2:
                raise DataError(
                    f"{int(has_face.sum())} of {len(clips)} clips to train on show a face, and encoders side "
                    f"by side need two ({clips.cache.path}); look at the cache with `vidfer inspect`"
                )
            try:
                standardising.fit(vectors[has_face])
            except ValueError as error:
                raise CheckpointError(f"{name}: {error}; give other weights of it") from error
