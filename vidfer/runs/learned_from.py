"""What a checkpoint has learned from: data sets, pretrained encoders, and the runs that it started from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from vidfer.hub import is_address, repository
from vidfer.included import ZOO, included_networks
from vidfer.models.checkpoint import read_outline, read_seen
from vidfer.runs.data_record import SOURCES, UNLABELLED_SOURCES, domains_of
from vidfer.runs.provenance import STARTED_FROM
from vidfer.runs.read_run import given_to, is_run, read_record, run_of

FRONT = "---\n"
DRAWN = "vidfer-synthetic-actors"
"""What drawn actors are called among the data sets of a model card."""


@dataclass(frozen=True, kw_only=True)
class LearnedFrom:
    """All that left traces in the weights, as far as the run folders tell."""

    sources: tuple[str, ...]
    """Sources of the clips, as ``--src`` names them; ``actors`` are drawn."""
    encoders: tuple[str, ...]
    """Names in the table of pretrained encoders."""
    networks: tuple[str, ...]
    """Included networks that a run started from or was taught by."""
    shared: tuple[str, ...]
    """The same from the Hugging Face hub, as ``owner/name``."""
    unknown: tuple[str, ...]
    """What cannot be told, in words."""

    @property
    def only_drawn(self) -> bool:
        """Whether nothing but drawn actors has been learned from."""
        return self.sources == ("actors",) and not (
            self.encoders or self.networks or self.shared or self.unknown
        )


def learned_from(checkpoint: Path) -> LearnedFrom:
    """Read it from the run folder of a checkpoint, and from those of the runs before it.

    Args:
        checkpoint: its folder, also that of an included network. Outside a run folder little is known.

    Raises:
        CheckpointError: there is no checkpoint, or it is damaged.
        RunError: a file of a run folder is damaged.
    """
    sources: set[str] = set()
    networks: set[str] = set()
    shared: set[str] = set()
    unknown = {f"weights of the file {name}" for name in read_seen(checkpoint).unknown}
    on_card = _datasets_on_card(checkpoint)
    if checkpoint.parent == ZOO or (on_card and not is_run(run_of(checkpoint))):
        sources |= {*on_card}
    else:
        waiting, seen = [run_of(checkpoint)], set()
        while waiting:
            run = waiting.pop()
            seen.add(run)
            found, missing = _sources_of(run)
            sources |= found
            unknown |= missing
            for option, value in _starts(run):
                if is_address(value):
                    shared.add(repository(value)[0])
                elif value in included_networks() and not Path(value).exists():
                    networks.add(value)
                elif (start := run_of(given_to(run, read_record(run, "settings"), value))) not in seen:
                    if (start / "data.json").is_file():
                        waiting.append(start)
                    else:
                        unknown.add(f"the checkpoint that --{option} named, whose run folder is not here")
    for name in networks:
        sources |= {*_datasets_on_card(ZOO / name)}
    return LearnedFrom(
        sources=tuple(sorted(sources)),
        encoders=_encoders(checkpoint),
        networks=tuple(sorted(networks)),
        shared=tuple(sorted(shared)),
        unknown=tuple(sorted(unknown)),
    )


def front_matter(card: str) -> dict:
    """The metadata at the head of a model card; empty if there are none."""
    if not card.startswith(FRONT):
        return {}
    found = yaml.safe_load(card[len(FRONT) :].partition(f"\n{FRONT}")[0])
    return found if isinstance(found, dict) else {}


def _sources_of(run: Path) -> tuple[set[str], set[str]]:
    """The sources of the clips that a run has learned from, and what cannot be told."""
    domains = domains_of(read_record(run, "data"))
    keys = (SOURCES, UNLABELLED_SOURCES) if (run / "pseudo_labels").is_dir() else (SOURCES,)
    found = {str(source) for domain in domains for key in keys for source in domain.get(key, ())}
    if domains and all(key in domain for domain in domains for key in keys):
        return found, set()
    return found, {"its training clips: their sources are not recorded"}


def _starts(run: Path) -> list[tuple[str, str]]:
    settings = read_record(run, "settings")
    return [(option, str(settings[option])) for option in STARTED_FROM if settings.get(option)]


def _encoders(checkpoint: Path) -> tuple[str, ...]:
    settings = read_outline(checkpoint).settings.encoder
    parts = [*settings.side_by_side.values()] or [settings]
    return tuple(sorted({part.pretrained for part in parts if part.pretrained}))


def _datasets_on_card(folder: Path) -> list[str]:
    card = folder / "README.md"
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    names = front_matter(text).get("datasets")
    if not isinstance(names, list):
        return []
    return ["actors" if name == DRAWN else str(name) for name in names]
