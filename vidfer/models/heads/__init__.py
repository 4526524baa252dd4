"""Few-shot heads, one file each. A new head is a new file here and a line in :data:`HEADS`."""

from vidfer.models.heads.base import Head
from vidfer.models.heads.crn import CRNHead
from vidfer.models.heads.csrn import CSRNHead
from vidfer.models.heads.matching import MatchingHead
from vidfer.models.heads.prototype import PrototypeHead
from vidfer.models.heads.relation import RelationHead
from vidfer.models.heads.similarity import SimilarityHead

HEADS: dict[str, type[Head]] = {
    "csrn": CSRNHead,
    "crn": CRNHead,
    "prototype": PrototypeHead,
    "matching": MatchingHead,
    "relation": RelationHead,
    "similarity": SimilarityHead,
}
"""Every few-shot head by its name on the command line and in checkpoints."""
