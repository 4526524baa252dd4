"""Does several works that need detections side by side, so that their questions are answered together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vidfer.crops.detect.face_detector import FaceDetector
from vidfer.crops.detect.question import Asking, Question, Result


def side_by_side(works: Sequence[Asking[Result]], detector: FaceDetector) -> list[Result | Exception]:
    """Do all works. Each goes on to its next question, then the detector answers all of these at once.

    On a CPU, a work finds what it finds alone, to the last bit: see :mod:`vidfer.crops.detect.nets`.

    Args:
        works: what is done; not begun yet.
        detector: answers the questions.

    Returns:
        What each work returned, or the exception that ended it. The others go on.
    """
    results: list[Any] = [None] * len(works)
    answers: dict[int, Any] = dict.fromkeys(range(len(works)))
    while answers:
        questions: dict[int, Question] = {}
        for i, answer in answers.items():
            try:
                is_error = isinstance(answer, Exception)
                questions[i] = works[i].throw(answer) if is_error else works[i].send(answer)
            except StopIteration as end:
                results[i] = end.value
            except Exception as error:
                results[i] = error
        answers = dict(zip(questions, _answer(list(questions.values()), detector)))
    return results


def alone(work: Asking[Result], detector: FaceDetector) -> Result:
    """Do one work, and return what it returns. What ends it is raised."""
    (result,) = side_by_side([work], detector)
    if isinstance(result, Exception):
        raise result
    return result


def _answer(questions: list[Question], detector: FaceDetector) -> list[Any]:
    """The answers, or exceptions. If they cannot be given together, each question alone shows which one it
    is."""
    try:
        return detector.answer(questions)
    except Exception as error:
        if len(questions) == 1:
            return [error]
        return [answer for question in questions for answer in _answer([question], detector)]
