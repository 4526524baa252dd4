"""Own expressions for a prediction: from a file, or learned from examples at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from vidfer.included import IN_THE_BOX
from vidfer.infer.support.encoder_parts import default_names
from vidfer.infer.support.examples import Given
from vidfer.infer.support.in_words import expected_in_words, lines_of, warnings_of
from vidfer.infer.support.learn_support import learn_support
from vidfer.infer.support.settings import SupportSettings
from vidfer.infer.support.support_classifier import SupportClassifier
from vidfer.infer.support.support_file import SUFFIX, load_support, support_hash


def is_support_file(given: object) -> bool:
    """Whether a path is that of a file of ``vidfer learn``."""
    return isinstance(given, str | Path) and Path(given).suffix == SUFFIX and not Path(given).is_dir()


def open_support(
    given: Path | str | Given,
    *,
    checkpoint: Path | str = IN_THE_BOX,
    device: str = "cpu",
    progress: Callable[[int, int], None] | None = None,
) -> tuple[SupportClassifier, list[str]]:
    """What recognises own expressions.

    Args:
        given: a file of ``vidfer learn``, which ends in ``.vidfer``; or examples, see
            :func:`vidfer.infer.support.examples.find_examples`.
        checkpoint: the user's own network, if the file was learned with one. Examples are seen with it, and
            with the face landmarker if that is on this machine.
        device: where the networks run.
        progress: called with the number of examples read, and of all.

    Returns:
        The classifier, and what can be expected of it, in sentences.

    Raises:
        CheckpointError: a file or a network is missing, damaged or another one.
        DataError: examples are missing or contradict each other.
    """
    name = "" if isinstance(given, Mapping) else Path(given).name
    is_own = str(checkpoint) != IN_THE_BOX
    if is_support_file(given):
        support, found = load_support(Path(given), Path(checkpoint) if is_own else None, device)
        return SupportClassifier(support, found, name), [expected_in_words(support.classes, support.expected)]
    others = [other for other in default_names() if other != IN_THE_BOX]
    settings = SupportSettings(encoders=(str(checkpoint), *others) if is_own else ())
    learned = learn_support(given, settings, device=device, progress=progress)
    said = [*learned.notes, *lines_of(learned), *(f"warning: {text}" for text in warnings_of(learned))]
    return SupportClassifier(learned.support, support_hash(learned.support), name), said
