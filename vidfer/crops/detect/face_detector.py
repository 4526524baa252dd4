"""Finds faces: MTCNN's three networks, run in batches."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from vidfer.crops.detect.boxes import inside, is_solid, regress, square, suppress_contained
from vidfer.crops.detect.device_frames import DeviceFrames
from vidfer.crops.detect.faces import Faces, largest_first, place_margins
from vidfer.crops.detect.nets import ONet, PNet, RNet, probability
from vidfer.crops.detect.propose import propose
from vidfer.crops.detect.question import Question
from vidfer.crops.detect.summed_frames import SummedFrames, cut_one_each
from vidfer.crops.detect.suppress import suppress
from vidfer.crops.settings import CropSettings

TABLE_PIXELS = 4 * 2**20
"""Frames with together so many pixels are searched at once; a pixel takes twelve bytes of tables."""
FRAMES_AT_ONCE = 64
"""At most so many frames are searched at once."""
CUT_PIXELS_AT_ONCE = 1024 * 48**2
"""Pixels of candidates that go through R-Net or O-Net together, to fill a GPU."""
CUT_PIXELS_AT_ONCE_CPU = 16 * 48**2
"""The same on a CPU; few enough to stay in its caches."""

Found = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Boxes (k,4), landmarks (k,5,2) and scores (k,) at k places."""


_accelerator = threading.Lock()


@contextmanager
def _exactly(device: torch.device) -> Iterator[None]:
    """Run without gradients, and without the shorter floats of convolutions on an accelerator, which move
    boxes by a tenth of a pixel. The whole process has one setting for these floats, so that there one thread
    at a time may search: two would restore each other's."""
    with torch.inference_mode():
        if device.type == "cpu":
            yield
            return
        with _accelerator, torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            yield


class FaceDetector:
    """MTCNN (Zhang et al. 2016, arXiv 1604.02878) with facenet-pytorch's weights; it finds the faces that
    their ``MTCNN.detect`` finds.

    A cascade of three networks: P-Net proposes squares at all sizes, R-Net rejects most of them, O-Net gives
    boxes, landmarks and scores. All candidates of all frames of a batch go through a network at once. On an
    accelerator only the faces that were found come back to the host. Several threads may use it.

    Args:
        device: where the networks run.
        settings: smallest face and thresholds.
    """

    def __init__(self, device: torch.device | str, settings: CropSettings) -> None:
        self.device = torch.device(device)
        self.settings = settings
        self._pnet, self._rnet, self._onet = (
            net(name, self.device) for net, name in ((PNet, "pnet"), (RNet, "rnet"), (ONet, "onet"))
        )
        self._spare: list[np.ndarray] = []
        """Memory of tables that are no longer needed."""

    def __getstate__(self) -> dict:
        return self.__dict__ | {"_spare": []}  # in which the last frames can still be seen

    def detect(self, images: Sequence[np.ndarray]) -> list[Faces]:
        """All faces of each of n frames, uint8 (H,W,3) RGB, which may have different sizes.

        On a CPU, the faces of a frame do not depend on the other frames, to the last bit. So frames of many
        clips can be searched together: with small ones that takes less than half of the time.
        """
        found: dict[int, Faces] = {}
        for part in _parts([image.shape[:2] for image in images], self.device.type != "cpu"):
            found |= zip(part, self._detect([images[i] for i in part]))
        return [found[i] for i in range(len(images))]

    def follow(self, questions: Sequence[Question]) -> list[Found]:
        """Find faces at places where they are expected, with O-Net only.

        Args:
            questions: frames and squares, maybe of many clips.

        Returns:
            For the k squares of each question: boxes (k,4), landmarks (k,5,2), scores (k,), float32. A square
            without a face has a low score, a square outside the frame has score 0. On a CPU they do not
            depend on the other squares, to the last bit.
        """
        if not questions:
            return []
        squares, cuts, meets = (torch.cat(x) for x in zip(*map(_cut_squares, questions)))
        with _exactly(self.device):
            pieces = cuts.to(self.device).split(self._cuts_at_once(48))
            boxes, landmarks, scores = _describe(squares.to(self.device), *_ask(self._onet, pieces))
        found = boxes.cpu().numpy(), landmarks.cpu().numpy(), (scores.cpu() * meets).numpy()
        ends = np.cumsum([len(question.squares) for question in questions])[:-1]
        return list(zip(*(np.split(values, ends) for values in found)))

    def answer(self, questions: Sequence[Question]) -> list[list[Faces] | Found]:
        """The answers to questions of many clips: of :meth:`detect` for whole frames, else of
        :meth:`follow`."""
        is_whole = [question.squares is None for question in questions]
        whole = [question for question, whole in zip(questions, is_whole) if whole]
        faces = iter(self.detect([image for question in whole for image in question.images]))
        found = iter(self.follow([question for question, whole in zip(questions, is_whole) if not whole]))
        return [
            [next(faces) for _ in question.images] if whole else next(found)
            for question, whole in zip(questions, is_whole)
        ]

    def min_face_px(self, height: int, width: int) -> float:
        """Side of the smallest face to search for in frames of that size, see
        ``CropSettings.min_face_px``."""
        short_px = min(height, width)
        return min(self.settings.min_face_px * max(1.0, short_px / 720), short_px / 4)

    def _detect(self, images: Sequence[np.ndarray]) -> list[Faces]:
        with _exactly(self.device), self._summed(images) as frames:
            return self._search(frames)

    def _search(self, frames: SummedFrames | DeviceFrames) -> list[Faces]:
        squares, owner = propose(frames, self._pnet, self.min_face_px, self.settings.thresholds[0])
        squares, owner, (log_odds, offsets) = self._run(self._rnet, frames, squares, owner, 24)
        squares, owner = self._refine(squares, owner, probability(log_odds), offsets)
        squares, owner, results = self._run(self._onet, frames, squares, owner, 48)
        boxes, landmarks, scores = _describe(squares, *results)
        good = scores > self.settings.thresholds[2]
        found = (x[good].cpu().numpy() for x in (boxes, landmarks, scores, squares, owner))
        boxes, landmarks, scores, squares, owner = found
        faces = Faces(boxes, landmarks, scores, place_margins(squares, boxes))
        kept = suppress_contained(boxes, scores, owner, 0.7)
        return [largest_first(faces, kept[owner[kept] == i]) for i in range(len(frames.sizes))]

    @contextmanager
    def _summed(self, images: Sequence[np.ndarray]) -> Iterator[SummedFrames | DeviceFrames]:
        """Frames to search in. Their memory is theirs until the block ends; other threads search as well."""
        if self.device.type != "cpu":
            yield DeviceFrames(images, self.device)
            return
        try:
            memory = self._spare.pop()
        except IndexError:
            memory = None
        frames = SummedFrames(images, memory)
        yield frames
        self._spare.append(frames.memory)

    def _refine(
        self, squares: Tensor, owner: Tensor, scores: Tensor, offsets: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Fewer and better squares, from what R-Net says of squares (k,4) of frames (k,)."""
        good = scores > self.settings.thresholds[1]
        squares, owner, scores, offsets = squares[good], owner[good], scores[good], offsets[good]
        kept = suppress(squares, scores, owner, 0.7)
        return square(regress(squares[kept], offsets[kept], pixel=1)), owner[kept]

    def _run(
        self,
        net: RNet | ONet,
        frames: SummedFrames | DeviceFrames,
        squares: Tensor,
        owner: Tensor,
        size_px: int,
    ) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        """Squares (k,4) with a pixel in their frame, the frame of each, and the outputs of ``net`` for
        them."""
        limits = torch.from_numpy(frames.sizes[:, ::-1].copy()).to(squares)[owner]
        rectangles = inside(squares, limits)
        solid = is_solid(rectangles)
        squares, owner, rectangles = squares[solid], owner[solid], rectangles[solid]
        step = self._cuts_at_once(size_px)
        pieces = zip(rectangles.split(step), owner.split(step))
        return squares, owner, _ask(net, (frames.cut(some, of, size_px) for some, of in pieces))

    def _cuts_at_once(self, size_px: int) -> int:
        n_pixels = CUT_PIXELS_AT_ONCE_CPU if self.device.type == "cpu" else CUT_PIXELS_AT_ONCE
        return n_pixels // size_px**2


def _cut_squares(question: Question) -> tuple[Tensor, Tensor, Tensor]:
    """The squares (k,4) of a question, what they show (k,48,48,3), and whether they meet their frame (k,).

    A square that does not is replaced by the whole frame.
    """
    height, width = question.images[0].shape[:2] if len(question.images) else (1, 1)
    squares = torch.as_tensor(question.squares, dtype=torch.float32)
    rectangles = inside(squares, torch.tensor([[width, height]], dtype=torch.float32))
    meets = is_solid(rectangles)
    whole = torch.tensor([0, 0, width, height], dtype=torch.float32)
    squares = torch.where(meets[:, None], squares, whole)
    rectangles = torch.where(meets[:, None], rectangles, whole).numpy().astype(np.int64)
    return squares, cut_one_each(question.images, question.frames, rectangles, 48), meets


def _ask(net: RNet | ONet, pieces: Iterable[Tensor]) -> tuple[Tensor, ...]:
    """The outputs of a network for pieces of cuts (k,s,s,3), at least one piece, together."""
    parts = []
    for cuts in pieces:
        # The networks cannot flatten an empty batch: without cuts, run a blank one and drop its output.
        inputs = cuts if len(cuts) else cuts.new_zeros((1, *cuts.shape[1:]))
        # Channels-last order, which the networks run faster on a CPU.
        parts.append([values[: len(cuts)] for values in net(inputs.permute(0, 3, 1, 2))])
    return tuple(torch.cat(values) for values in zip(*parts))


def _describe(
    squares: Tensor, log_odds: Tensor, offsets: Tensor, points: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Boxes (k,4), landmarks (k,5,2) and scores (k,), from what O-Net says of squares (k,4)."""
    size = (squares[:, 2:] - squares[:, :2] + 1)[:, None]
    landmarks = squares[:, None, :2] + points.view(-1, 2, 5).transpose(1, 2) * size - 1
    return regress(squares, offsets, pixel=1), landmarks, probability(log_odds)


def _parts(sizes: Sequence[tuple[int, int]], of_one_size: bool) -> Iterator[list[int]]:
    """Positions of frames with these sizes that are searched at once: frames of one size stand beside each
    other, and their tables have a bounded size."""
    part: list[int] = []
    n_pixels = 0
    for i in sorted(range(len(sizes)), key=lambda i: sizes[i]):
        more = math.prod(sizes[i])
        is_full = len(part) == FRAMES_AT_ONCE or n_pixels + more > TABLE_PIXELS
        if part and (is_full or (of_one_size and sizes[i] != sizes[part[0]])):
            yield part
            part, n_pixels = [], 0
        part.append(i)
        n_pixels += more
    if part:
        yield part
