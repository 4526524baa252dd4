"""What a model is made of; no torch here, so that a command line can be parsed without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from vidfer.crops import REGIONS
from vidfer.errors import VidferError

CROP_PX = 224
"""Side of the crops that a cache holds unless told otherwise; a stage's map is 1/4, 1/8, 1/16, 1/32 of it."""

MAP_PX = 14
"""Side of the maps that relation heads compare (CSRN)."""


@dataclass(frozen=True, kw_only=True)
class HeadSettings:
    """Options of a few-shot head. The settings of each head derive from it and set ``name``."""

    name: str = field(init=False, default="")
    """The head's key in :data:`vidfer.models.heads.HEADS`."""

    def check_regions(self, seen: Sequence[str]) -> None:
        """Raise a SettingError if the head needs another region than the encoder looks at."""


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """The network, from crops to scores."""

    encoder: str = "grouped_resnet18"
    """grouped_resnet18: Noisy Student FER's network (full width: 33.5 M parameters). conv4: CSRN's small
    encoder, which always works on 64x64 pixels. resnet18: FAN's, one ResNet-18 on the face. torchvision:NAME
    or timm:NAME: any convolutional network of theirs on the face, such as torchvision:mobilenet_v3_small.
    face_mesh: the shape of the face, 468 points of MediaPipe Face Mesh (tools/import_face_mesh.py)."""

    width: int = 64
    """Channels per region of the first stage of grouped_resnet18 and resnet18; the four stages have 1, 2, 4
    and 8 times as many. 64 is ResNet-18; 16 trains on a CPU."""

    input_px: int | None = None
    """Crops are resized to this side on the device before the network sees them (at least 32); None takes
    them as they are in the cache. conv4 and face_mesh do not use it."""

    conv4_pools: Literal[2, 4] = 2
    """Poolings of conv4: 2 is CSRN's network (maps of 14x14 for the head), 4 is CRN's (in every block, maps
    of 4x4). CRN's image size is not published; 64 pixels is CSRN's."""

    map_stage: int | None = None
    """Which stage (1 to 4) gives the maps for the relation head, not in conv4 and face_mesh; None takes the
    deepest one whose map is still 14x14 or larger: stage 3 for an input_px of 224 or None, stage 2 for
    112."""

    regions: tuple[Literal["face", "eyes", "mouth"], ...] | None = None
    """The regions that the network looks at, such as: eyes mouth. None is all three for grouped_resnet18 and
    conv4, and the face for the others; face_mesh has no other. Without the face csrn's prototype is of the
    first region."""

    spatial_attention: Literal["softmax", "mean"] = "softmax"
    """How the positions of a stage's map become one vector in grouped_resnet18: weighted by softmax(w tanh(W
    x)), or their plain mean."""

    region_attention: Literal["softmax", "mean"] = "softmax"
    """How the regions of a frame become one vector, not in conv4 and face_mesh: weighted by softmax(w tanh(W
    x)), or their plain mean."""

    frame_attention: Literal["softmax", "sigmoid", "relation", "mean"] = "softmax"
    """How the frames of a clip become one vector: weighted by softmax(w tanh(W x)), by FAN's normalised
    sigmoid(q x), by FAN's self- and relation-attention (which doubles the vector), or their plain mean."""

    attention_dropout: float = 0.0
    """Dropout before the scores of FAN's frame attention (sigmoid and relation); FAN has 0.5."""

    dropout: float = 0.5
    """Dropout before the classifier, as in Noisy Student FER and FAN; with relation FAN has 0.6."""

    stochastic_depth: float = 1.0
    """In training, whole blocks of grouped_resnet18 and resnet18 are left out of a clip (Huang et al. 2016).
    This is the probability that the last one is not; earlier ones survive more often. 1 is off; Noisy Student
    has 0.8."""

    head: Literal["csrn", "crn", "prototype", "matching", "relation", "similarity"] | None = "csrn"
    """The few-shot head: CSRN, CRN, nearest class mean and matching network (both without parameters),
    relation network, EGS-Net's similarity branch (cosine with a learned scale), or none."""

    prototype_weight: float = 0.7
    """Weight of CSRN's channel-selected face prototype beside the pairs, in the score and in the loss."""

    pairing: Literal["all", "published"] = "all"
    """CSRN: all scores every query against every class's prototype (the paper); published leaves the
    prototype out of the class score, which is what the released code's test amounts to."""

    distance: Literal["euclidean", "cosine"] = "euclidean"
    """How the prototype head compares embeddings."""

    cosine_scale: float = 1.0
    """Factor of the cosine in the matching head's softmax; 1 is published, 10 makes surer choices. Where the
    learned factor of the similarity head starts, which is not published: 10 is usual."""

    head_regions: Literal["all", "face"] = "all"
    """Regions that the heads relation and crn compare: all that the encoder sees, taking their average, or
    the face alone. The papers' networks of one image see no other region: --model.regions face."""

    js_weight: float = 0.1
    """Weight of CRN's divergence between class prototypes in its loss (lambda). Not published; with 1 the
    scores of few classes did not leave chance."""

    js_form: Literal["map", "channels"] = "map"
    """How a prototype of CRN becomes a distribution, which is not published: softmax over all numbers of its
    map, the natural reading, or over the spatial means of its channels, which does not see where."""

    whitened: bool = False
    """The vector goes through a whitening that a recipe has fitted, which sets this (recipes/fewshot.py
    --whiten); by itself it changes nothing."""

    def __post_init__(self) -> None:
        def check(good: bool, name: str, remedy: str) -> None:
            if not good:
                raise VidferError(f"model setting {name} is {getattr(self, name)!r}; {remedy}")

        library, _, network = self.encoder.partition(":")
        check(
            self.encoder in ("grouped_resnet18", "conv4", "resnet18", "face_mesh")
            or (library in ("torchvision", "timm") and network != ""),
            "encoder",
            "choose grouped_resnet18, conv4, resnet18, face_mesh, torchvision:NAME or timm:NAME",
        )
        check(self.width >= 1, "width", "give at least 1 (64 is the full ResNet-18)")
        check(
            self.input_px is None or self.input_px >= 32,
            "input_px",
            "give at least 32 pixels, or leave it out",
        )
        check(self.conv4_pools in (2, 4), "conv4_pools", "choose 2 or 4")
        check(
            self.map_stage in (None, 1, 2, 3, 4), "map_stage", "choose a stage from 1 to 4, or leave it out"
        )
        if self.regions is not None:
            check(
                0 < len(self.regions) == len(set(self.regions)) and set(self.regions) <= set(REGIONS),
                "regions",
                "choose some of face, eyes, mouth, each once, or leave it out",
            )
            # Always in the one order; a config file gives a list.
            object.__setattr__(self, "regions", tuple(r for r in REGIONS if r in self.regions))
            check(
                self.encoder != "face_mesh" or self.regions == ("face",),
                "regions",
                "face_mesh finds the points of a whole face: leave it out",
            )
        check(self.spatial_attention in ("softmax", "mean"), "spatial_attention", "choose softmax or mean")
        check(self.region_attention in ("softmax", "mean"), "region_attention", "choose softmax or mean")
        check(
            self.frame_attention in ("softmax", "sigmoid", "relation", "mean"),
            "frame_attention",
            "choose softmax, sigmoid, relation or mean",
        )
        check(0 <= self.attention_dropout < 1, "attention_dropout", "give a share of at least 0 and below 1")
        check(0 <= self.dropout < 1, "dropout", "give a share of at least 0 and below 1")
        check(0 < self.stochastic_depth <= 1, "stochastic_depth", "give a probability, 1 (off) or less")
        check(
            self.stochastic_depth == 1 or self.encoder in ("grouped_resnet18", "resnet18"),
            "stochastic_depth",
            f"it is for grouped_resnet18 and resnet18: leave it out with {self.encoder}",
        )
        check(
            self.head in ("csrn", "crn", "prototype", "matching", "relation", "similarity", None),
            "head",
            "choose csrn, crn, prototype, matching, relation, similarity or None",
        )
        check(self.prototype_weight >= 0, "prototype_weight", "give 0 (off) or more")
        check(self.pairing in ("all", "published"), "pairing", "choose all or published")
        check(self.distance in ("euclidean", "cosine"), "distance", "choose euclidean or cosine")
        check(self.cosine_scale > 0, "cosine_scale", "give more than 0")
        check(self.head_regions in ("all", "face"), "head_regions", "choose all or face")
        check(self.js_weight >= 0, "js_weight", "give 0 (off) or more")
        check(self.js_form in ("map", "channels"), "js_form", "choose map or channels")
        check(
            self.head_regions == "all" or "face" in self.resolved_regions(),
            "head_regions",
            "choose all, or add face to regions",
        )

    def without_effect(self) -> dict[str, str]:
        """Settings that change nothing in this model, and for which models they are."""
        sizes = self.encoder not in ("conv4", "face_mesh")
        several = sizes and len(self.resolved_regions()) > 1
        needed = {
            "width": (self.encoder in ("grouped_resnet18", "resnet18"), "grouped_resnet18 and resnet18"),
            "input_px": (sizes, "encoders other than conv4 and face_mesh"),
            "conv4_pools": (self.encoder == "conv4", "conv4"),
            "map_stage": (sizes, "encoders other than conv4 and face_mesh"),
            "spatial_attention": (self.encoder == "grouped_resnet18", "grouped_resnet18"),
            "region_attention": (several, "several regions, and encoders other than conv4 and face_mesh"),
            "attention_dropout": (
                self.frame_attention in ("sigmoid", "relation"),
                "frame attention sigmoid and relation",
            ),
            "prototype_weight": (self.head == "csrn", "the head csrn"),
            "pairing": (self.head == "csrn", "the head csrn"),
            "distance": (self.head == "prototype", "the head prototype"),
            "cosine_scale": (self.head in ("matching", "similarity"), "the heads matching and similarity"),
            "head_regions": (self.head in ("relation", "crn"), "the heads relation and crn"),
            "js_weight": (self.head == "crn", "the head crn"),
            "js_form": (self.head == "crn", "the head crn"),
        }
        return {name: others for name, (used, others) in needed.items() if not used}

    def resolved_regions(self) -> tuple[str, ...]:
        """The regions that the network looks at, in the order of :data:`vidfer.crops.REGIONS`."""
        if self.regions is not None:
            return self.regions
        return REGIONS if self.encoder in ("grouped_resnet18", "conv4") else ("face",)

    def resolved_map_stage(self) -> int:
        """The stage that gives the maps, 1 to 4, with the default worked out from ``input_px``."""
        if self.map_stage is not None:
            return self.map_stage
        large_enough = [stage for stage in (1, 2, 3) if (self.input_px or CROP_PX) >> (stage + 1) >= MAP_PX]
        return large_enough[-1] if large_enough else 1
