"""What a few-shot head is: scores of query clips for classes that a few support clips show."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from vidfer.models.embedding import Embedding
from vidfer.models.heads.episode_scorer import EpisodeScorer


class Head(nn.Module):
    """A few-shot head: it compares the query clips of an episode with the support clips of each class.

    A head sets ``compares_maps`` and writes ``forward``. The other methods have defaults, which suit a head
    whose scores are logits.

    Letters: S support clips, Q queries, N classes. ``support_labels`` (S,) are 0 .. N-1 in any order, and a
    class may have any number of shots.
    """

    compares_maps: ClassVar[bool]
    """Whether the head looks at ``Embedding.maps``; if not, maps are not kept, which saves memory."""

    gives_logits: ClassVar[bool] = False
    """Whether the softmax of the scores is a posterior over the classes, so that EGS-Net can use the head."""

    transductive: ClassVar[bool] = False
    """Whether the head also has ``transductive_scores(support, support_labels, query)``: scores (Q, N) after
    the queries, all together, have refined the classes (:mod:`vidfer.models.heads.refine`). Every class then
    has the same number of shots. A head with a scorer of its own may do this there."""

    @abstractmethod
    def forward(self, support: Embedding, support_labels: Tensor, query: Embedding) -> Tensor:
        """Scores (Q, N); a higher score means more alike."""

    def loss(
        self, support: Embedding, support_labels: Tensor, query: Embedding, query_labels: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Loss of one episode, and the scores (Q, N) that :meth:`forward` gives.

        Here it is the cross-entropy of the scores, as in prototypical networks (Snell et al. 2017, equation
        2) and matching networks (Vinyals et al. 2016, section 2.2). ``query_labels`` (Q,) are 0 .. N-1.
        """
        scores = self(support, support_labels, query)
        return F.cross_entropy(scores, query_labels), scores

    def scorer(self, embedding: Embedding, *, transductive: bool = False) -> EpisodeScorer:
        """Scores many episodes over the same clips; here the head is called episode by episode.

        Args:
            embedding: of all clips, on the device of the head.
            transductive: the queries of an episode refine its classes; for heads that are so.
        """
        return EpisodeScorer(self, embedding, transductive=transductive)
