"""What the app shows, as HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import av
from markupsafe import Markup, escape

from vidfer import __version__
from vidfer.app.live import LivePicture
from vidfer.app.predict_upload import Result
from vidfer.app.strip import CURVE_PX
from vidfer.app.teach import Taught
from vidfer.infer.prediction_folder import ABOUT, CLIPS, FRAMES, SEGMENTS
from vidfer.infer.summary import SEGMENT_COLUMNS
from vidfer.infer.support.support_classifier import KIND
from vidfer.report.prediction_page.write_page import PAGE, open_templates, person_words
from vidfer.responsible_use import ESSENCE
from vidfer.tables import read_table

HERE = Path(__file__).parent
MOST_SEGMENTS = 200
"""The table shows so many segments at most."""
NAMES = {
    ".zip": "Everything (zip)",
    ".mp4": "Film",
    ".png": "Picture",
    PAGE: "Page",
    SEGMENTS: SEGMENTS,
    CLIPS: CLIPS,
    FRAMES: FRAMES,
    ABOUT: ABOUT,
}
"""What the links to the files say, in their order."""

Address = Callable[[Path], str]


def piece(template: str, **values) -> str:
    """A piece of the page from a template of this folder."""
    return open_templates(HERE).get_template(template).render(**values)


def result_html(result: Result, address: Address) -> str:
    """What was found in one film.

    Args:
        result: what was predicted.
        address: gives the address at which the browser gets a file.
    """
    about, source = result.about, result.source
    segments = [
        {"face_id": int(row["face_id"]), "label": row["label"]}
        | {name: float(row[name]) for name in ("start_s", "end_s", "probability")}
        for row in read_table(about.segments_csv, SEGMENT_COLUMNS)
    ]
    # In the table they are in the order of their ends.
    segments.sort(key=lambda row: (row["start_s"], row["face_id"]))
    shown = segments[:MOST_SEGMENTS]
    threshold = about.model.get("threshold")
    links = {NAMES.get(file.name) or NAMES[file.suffix]: file for file in result.files}
    is_picture = result.film.suffix == ".png"
    return piece(
        "result.html",
        **person_words(about.classes),
        one=result.view,
        notes=[*dict.fromkeys(note for note in (source.reason, source.not_upright, *result.notes) if note)],
        is_picture=is_picture,
        film=result.film,
        film_px=_size_px(result.film),
        blurred=result.blurred,
        told=[*dict.fromkeys(label for person in result.view.people for label, _ in person.shares)],
        threshold=threshold if isinstance(threshold, (int, float)) else None,
        model_name=about.model.get("name", ""),
        is_own=about.model.get("kind") == KIND,
        strips=() if is_picture else result.strips,
        curve_px=CURVE_PX,
        segments=[] if is_picture else shown,
        n_more_segments=len(segments) - len(shown),
        links={words: links[words] for words in NAMES.values() if words in links},
        address=address,
    )


def _size_px(film: Path) -> tuple[int, int]:
    """Width and height of a film or picture."""
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        return stream.width, stream.height


def taught_html(taught: Taught, address: Address) -> str:
    """What is to be expected of own expressions."""
    return piece(
        "taught.html",
        facts=[_sentence(line) for line in taught.facts],
        warnings=[_sentence(line) for line in taught.warnings],
        address=address(taught.file),
        file_name=taught.file.name,
    )


def message_html(text: str, state: str = "fault", place: str = "result") -> str:
    """A sentence in the place of a result.

    Args:
        text: plain text.
        state: ``fault``, ``working``, or ``note`` where nothing is wrong.
        place: ``result``, or ``taught``.
    """
    return piece("message.html", text=_sentence(text), state=state, place=place)


def live_html(classes: Sequence[str], picture: LivePicture | None, text: str) -> str:
    """What a camera shows now.

    Args:
        classes: the expressions.
        picture: the latest one, if there is one.
        text: what is told where there is none.
    """
    return piece("live.html", **person_words(classes), picture=picture, text=text)


def about_html(*, is_loopback: bool) -> str:
    """What is done with faces, and what everybody should know.

    Args:
        is_loopback: whether only this machine can reach the app.
    """
    essence = [_bold(point) for point in ESSENCE]
    return piece("about.html", is_loopback=is_loopback, essence=essence, version=__version__)


def _bold(text: str) -> Markup:
    """Markdown's bold letters and code as HTML."""
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", str(escape(text)))
    return Markup(re.sub(r"`(.+?)`", r"<code>\1</code>", text))


def _sentence(text: str) -> str:
    """With a full stop at its end, and a capital letter at its beginning unless a file's name is there."""
    first = text.partition(" ")[0]
    begin = text[:1].upper() + text[1:] if first.strip(":,").isalpha() else text
    return begin + ("" if text.endswith((".", ")")) or not text else ".")
