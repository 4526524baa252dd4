"""What the page asks for: predictions and own expressions, one after the other, with words for faults."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from vidfer.app.limits import Limits
from vidfer.app.live import LiveView
from vidfer.app.predict_upload import Progress, predict_upload
from vidfer.app.result_html import live_html, message_html, result_html, taught_html
from vidfer.app.teach import teach
from vidfer.app.visits import Stopped, Visit, Visits
from vidfer.errors import VidferError
from vidfer.infer.predictor import Predictor

OWN = "own"
"""The choice of the visitor's own expressions; any other is that of the app."""
STOPPED = "Stopped. Nothing was kept."
FAULT = "This is a fault of the app. The terminal in which it runs says more; please report it."
EXAMPLE = "This is one of the examples, so it does not tell how well your expressions are found; try another."
BUSY = "A film is being predicted; the camera waits."
LOOKING = "Looking …"
WAIT_S = 0.5
"""So long a frame of a camera waits for the networks; then it is left out. A film waits until it is its turn;
after each such time it looks whether its visitor wants to stop."""
LOG = logging.getLogger(__name__)


class Desk:
    """Serves all visitors; one at a time has the networks."""

    def __init__(
        self,
        predictor: Predictor,
        visits: Visits,
        limits: Limits,
        address: Callable[[Path], str],
        draw_film: Callable[[Path], Path],
    ) -> None:
        """
        Args:
            predictor: of the app.
            visits: the visitors.
            limits: of what they may upload.
            address: gives the address at which a browser gets a file of a visitor.
            draw_film: draws a film of drawn people into a folder, for visitors who have none.
        """
        self.predictor, self.visits, self.limits = predictor, visits, limits
        self.address, self._draw_film = address, draw_film
        self._example: Path | None = None
        self._drawing, self._networks = threading.Lock(), threading.Lock()
        self._line: list[object] = []
        """Those who wait for the networks, and before them the one who has them."""
        self._line_moves = threading.Condition()

    def uploaded(self, session: str, paths: Sequence[Path]) -> None:
        """Files of a visitor have come; they are deleted with the visit, or soon if the visitor is gone."""
        with suppress(Stopped):
            self.visits.claim(session, [path for path in paths if path.is_relative_to(self.visits.root)])

    def example(self, session: str) -> Path | None:
        """A film of drawn people, for a visitor who has none; None if the visitor is gone.

        It is the same for everybody, so it is drawn once and stays: Gradio still reads it when its visitor
        may have left.

        Raises:
            VidferError: the film cannot be written.
        """
        with suppress(Stopped), self.visits.at_work(session), self._drawing:
            if self._example is None:
                folder = self.visits.root / "example"
                folder.mkdir(exist_ok=True)
                self._example = self._draw_film(folder)
            return self._example
        return None

    def begin(self, session: str) -> None:
        """A visitor has asked for something; an earlier wish to stop is over."""
        with suppress(Stopped):
            self.visits.of(session).stop.clear()

    def stop(self, session: str) -> None:
        """A visitor wants no more."""
        with suppress(Stopped):
            self.visits.of(session).stop.set()

    def predict(
        self, session: str, path: Path | None, choice: str, blur_faces: bool, progress: Progress
    ) -> str:
        """What a film shows, or why not, as HTML."""
        if path is None:
            return message_html("Choose a film or a picture first, or record one with the camera.")
        self.uploaded(session, [path])
        try:
            with self.visits.at_work(session) as visit:
                predictor = self.predictor if choice != OWN else visit.own
                if predictor is None:
                    return message_html(
                        "Your own expressions are not here any more. Give the examples again, under “Own "
                        "expressions”."
                    )
                with self._in_turn(visit, progress):
                    result = predict_upload(
                        path, predictor, visit, self.limits, blur_faces=blur_faces, progress=progress
                    )
                    if choice == OWN and path in visit.examples:
                        result = replace(result, notes=(*result.notes, EXAMPLE))
                    return result_html(result, self.address)
        except Stopped:
            return message_html(STOPPED, "note")
        except VidferError as error:
            return message_html(self._plain(error))
        except Exception:  # a fault of ours: whoever runs the app sees it, the visitor gets a sentence
            LOG.exception("a prediction failed")
            return message_html(FAULT)

    def look(self, session: str, image: np.ndarray, choice: str) -> str:
        """What a visitor's camera shows, as HTML.

        Args:
            session: of the visitor.
            image: the next frame, uint8 (H, W, 3) RGB.
            choice: of expressions.
        """
        with suppress(Stopped), self.visits.at_work(session) as visit:
            predictor = (visit.own if choice == OWN else None) or self.predictor
            live = visit.live
            if live is None or live.predictor is not predictor:
                live = visit.live = LiveView(predictor)
            if not self._networks.acquire(timeout=WAIT_S):
                return live_html(predictor.classes, live.picture, BUSY)
            try:
                picture = live.look(image, time.monotonic())
            except Exception:
                LOG.exception("the live view failed")
                visit.live = None
                return message_html(FAULT)
            finally:
                self._networks.release()
            return live_html(predictor.classes, picture, LOOKING)
        return message_html(STOPPED, "note")

    def teach(
        self,
        session: str,
        given: Sequence[tuple[str, Sequence[Path]]],
        none_of_these: Sequence[Path],
        progress: Progress,
    ) -> tuple[str, tuple[str, ...] | None]:
        """What is to be expected of own expressions, as HTML, and their names; None if there are none."""
        self.uploaded(session, [path for _, paths in given for path in paths] + [*none_of_these])
        try:
            with self.visits.at_work(session) as visit, self._in_turn(visit, progress):
                taught = teach(given, none_of_these, self.predictor, visit, self.limits, progress)
        except Stopped:
            return message_html(STOPPED, "note", "taught"), None
        except VidferError as error:
            return message_html(self._plain(error), place="taught"), None
        except Exception:
            LOG.exception("learning failed")
            return message_html(FAULT, place="taught"), None
        return taught_html(taught, self.address), taught.classes

    @contextmanager
    def _in_turn(self, visit: Visit, progress: Progress) -> Iterator[None]:
        """The networks, once everybody has had them who asked before."""
        me = object()
        with self._line_moves:
            self._line.append(me)
        try:
            while n_before := self._wait_for_a_moment(me):
                visit.check()
                progress(0.0, f"waiting: {n_before} before you")
            with self._networks:
                yield
        finally:
            with self._line_moves:
                self._line.remove(me)
                self._line_moves.notify_all()

    def _wait_for_a_moment(self, me: object) -> int:
        """How many are before me in the line, now or a moment later."""
        with self._line_moves:
            if self._line[0] is not me:
                self._line_moves.wait(WAIT_S)
            return self._line.index(me)

    def _plain(self, error: Exception) -> str:
        """A message without the places of files on this machine."""
        return re.sub(re.escape(str(self.visits.root)) + r"/(?:[^/\s]+/)*", "", str(error))
