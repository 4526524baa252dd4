"""Options of several encoders side by side: ``--encoder face_landmarker+grouped_resnet18``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, make_dataclass, replace
from functools import cache
from typing import Literal

from vidfer.crops import REGIONS
from vidfer.errors import SettingError
from vidfer.models.settings import INIT, PLUS, EncoderSettings
from vidfer.rare import Fixed, Rare


@dataclass(frozen=True, kw_only=True)
class EncoderOfInit(EncoderSettings):
    """Stands for the encoder of ``--init`` until that checkpoint is loaded. Its options come from there."""

    name = INIT

    input_px: int | None = None
    """Side, in pixels, that crops are resized to before it sees them, such as that of the cache that it was
    trained on; by default as its checkpoint says."""

    frame_attention: Fixed[Literal["softmax", "sigmoid", "relation", "mean"]] = field(
        init=False, default="mean"
    )
    attention_dropout: Fixed[float] = field(init=False, default=0.0)

    def of(self, encoder: EncoderSettings) -> EncoderSettings:
        """Settings of the encoder of the checkpoint, in its place.

        Raises:
            SettingError: it has a size of its own.
        """
        if self.input_px is None:
            return encoder
        if not any(one.name == "input_px" for one in fields(encoder)):
            raise SettingError(
                f"--encoder.{INIT}.input-px {self.input_px}: {encoder.name} has its own size; leave it out"
            )
        return replace(encoder, input_px=self.input_px)


@dataclass(frozen=True, kw_only=True)
class SideBySideSettings(EncoderSettings):
    """Options of encoders side by side; :func:`side_by_side` adds a field for each of them."""

    name = "side_by_side"

    pretrained: Fixed[None] = field(init=False, default=None)
    frame_attention: Fixed[Literal["softmax", "sigmoid", "relation", "mean"]] = field(
        init=False, default="mean"
    )
    attention_dropout: Fixed[float] = field(init=False, default=0.0)
    """These three are options of each of them."""

    frozen: Rare[tuple[str, ...]] = ()
    """Names of those that stay as they are while the others learn; each needs weights to start from."""

    def __post_init__(self) -> None:
        names = [*self.side_by_side]
        if odd := next((name for name in self.frozen if name not in names), None):
            raise SettingError(f"--encoder.frozen {odd}: choose some of {', '.join(names)}")
        object.__setattr__(self, "frozen", tuple(name for name in names if name in self.frozen))

    @property
    def side_by_side(self) -> Mapping[str, EncoderSettings]:
        own = {one.name for one in fields(SideBySideSettings)}
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name not in own}

    @property
    def regions(self) -> tuple[str, ...]:
        """Every region that one of them looks at."""
        seen = {region for one in self.side_by_side.values() for region in one.regions}
        return tuple(region for region in REGIONS if region in seen)

    @property
    def map_regions(self) -> tuple[str, ...]:
        """Those of the last encoder, which gives the maps."""
        return [*self.side_by_side.values()][-1].regions

    @property
    def input_px(self) -> int | None:
        """The largest of theirs; None, as in the cache, if one of them takes the crops as they are."""
        sizes = [one.input_px for one in self.side_by_side.values()]
        return None if None in sizes else max(sizes)


def side_by_side(parts: Mapping[str, EncoderSettings], frozen: Sequence[str] = ()) -> SideBySideSettings:
    """Settings of several encoders side by side.

    Args:
        parts: settings of each by the name that it has on the command line. The last one gives the maps.
        frozen: names of those that stay as they are.

    Raises:
        SettingError: an unknown name in ``frozen``.
    """
    kind = _with_fields(tuple((name, type(settings)) for name, settings in parts.items()))
    return kind(**parts, frozen=tuple(frozen))


def names_of_parts(text: str, option: str = "--encoder") -> list[str]:
    """The names in ``face_landmarker+grouped_resnet18``.

    Raises:
        SettingError: a name is empty, or there twice.
    """
    names = text.split(PLUS)
    if "" in names:
        raise SettingError(f"{option} {text}: write a name on each side of every {PLUS}")
    if len(names) > len(set(names)):
        twice = next(name for name in names if names.count(name) > 1)
        raise SettingError(f"{option} {text}: {twice} is there twice, and would see the same; leave one out")
    return names


@cache
def _with_fields(parts: tuple[tuple[str, type], ...]) -> type[SideBySideSettings]:
    """One class for the same parts, so that equal settings are equal."""
    of_parts = [(name, kind, field(default_factory=kind)) for name, kind in parts]
    own = {"__doc__": "Options of the encoders side by side."}
    return make_dataclass(
        "SideBySideSettings",
        of_parts,
        bases=(SideBySideSettings,),
        namespace=own,
        frozen=True,
        kw_only=True,
    )
