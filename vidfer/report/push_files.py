"""What `vidfer push` uploads of a run: weights, configuration, card, terms, and results without names."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from vidfer.errors import SettingError
from vidfer.evaluate.result import Result
from vidfer.models.checkpoint import CONFIG, WEIGHTS, checkpoint_hash
from vidfer.report.card_metadata import TERMS_FILE
from vidfer.report.licences import licence_text
from vidfer.report.model_card import model_card
from vidfer.report.named_results import read_results
from vidfer.report.onnx_card import LICENCE_ID
from vidfer.runs.learned_from import LearnedFrom, learned_from
from vidfer.runs.read_run import read_runs

CARD, RESULTS = "README.md", "results.json"
WITH_NAMES = ("rows",)
"""Fields of a result with a row for each clip: its file and its subject."""
OWN_OPTIONS = "request"
"""In the protocol of a result: the command line, which may have paths."""


@dataclass(frozen=True, kw_only=True)
class PushFile:
    """One file that is uploaded."""

    name: str
    content: bytes | Path
    about: str

    @property
    def n_bytes(self) -> int:
        """Its size."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.stat().st_size


def push_files(
    run: Path,
    address: str,
    results: Sequence[Path] = (),
    *,
    licence: str | None = None,
    with_results: bool = False,
) -> tuple[list[PushFile], LearnedFrom]:
    """The files of a run's best checkpoint that may be published, and what it has learned from.

    Nothing else of the run goes: no settings (they have paths), no pseudo-labels and no list of clips (they
    have names of files and people), no logs.

    Args:
        run: run folder.
        address: where they will lie; the examples of the card name it.
        results: result files, for the card; those of other checkpoints are left out.
        licence: identifier of a licence as the hub knows it.
        with_results: also a file with the results, without rows about clips.

    Raises:
        RunError: it is no run, or has no checkpoint yet.
        CheckpointError: the checkpoint is damaged.
        SettingError: the licence is no identifier.
    """
    if licence is not None and not LICENCE_ID.fullmatch(licence):
        raise SettingError(f"--licence {licence}: give an identifier such as apache-2.0 or cc-by-nc-4.0")
    card = model_card(run, results, licence=licence, address=address)
    folder = Path(run) / "checkpoints" / "best"
    pinned, learned = checkpoint_hash(folder), learned_from(folder)
    files = [
        PushFile(name=WEIGHTS, content=folder / WEIGHTS, about="the weights"),
        PushFile(name=CONFIG, content=folder / CONFIG, about="network, classes, how it was trained"),
        PushFile(name=CARD, content=card.encode(), about="the model card"),
    ]
    if licence is None:
        text = licence_text(Path(run).resolve().name, learned)
        files.append(PushFile(name=TERMS_FILE, content=text.encode(), about="terms; no licence was chosen"))
    if with_results:
        (read,) = read_runs([run])
        own = [n.result for n in read_results(results, [read]) if n.result.checkpoint_hash == pinned]
        text = json.dumps([without_rows(result) for result in own], indent=1, ensure_ascii=False)
        files.append(PushFile(name=RESULTS, content=text.encode(), about="results, without rows about clips"))
    return files, learned


def without_rows(result: Result) -> dict:
    """A result as plain data without names of files, of people and of this machine."""
    fields = {name: value for name, value in asdict(result).items() if name not in WITH_NAMES}
    fields["protocol"] = {k: v for k, v in fields["protocol"].items() if k != OWN_OPTIONS}
    return fields


def push_warnings(learned: LearnedFrom, *, licence: str | None, public: bool) -> list[str]:
    """What must be thought of before these weights are uploaded."""
    said = []
    if learned.only_drawn:
        said.append("it learned from drawn faces alone and does not work on people; its card says so")
    else:
        said.append("weights can carry traces of the faces that they learned from")
    if learned.unknown:
        said.append(f"it is not known what all of it learned from: {'; '.join(learned.unknown)}")
    if licence is None and public:
        said.append("no licence was chosen (--licence): others can read it, and may not use it")
    elif licence is not None and not learned.only_drawn:
        said.append(f"whether {licence} fits the terms above is for you to decide")
    return said
