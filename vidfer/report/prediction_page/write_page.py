"""Writes the page of a prediction: one HTML file that loads nothing from elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from vidfer import __version__
from vidfer.files import write_text
from vidfer.infer.moment import UNSURE
from vidfer.infer.prediction_folder import PredictionFolder, read_prediction
from vidfer.infer.totals import totals_of
from vidfer.report.expression_colours import NONE_OF_THESE, colours_of, ink_on
from vidfer.report.prediction_page.content import MOST_INPUTS, MOST_PEOPLE, InputView, view_inputs
from vidfer.report.prediction_page.network_card import read_card, read_examples
from vidfer.report.prediction_page.peak_pictures import PICTURE_PX
from vidfer.report.prediction_page.rows import HIGH, RIBBON, WIDE
from vidfer.report.time_text import clock, length

HERE = Path(__file__).parent
PAGE = "index.html"
OPEN_INPUTS = 4
"""Up to so many inputs are unfolded when the page opens."""
MOST_EXPLAINED = 12
"""Of more expressions the legend has only those that are the label of a frame."""
MOST_FAULTY = 50
"""More inputs than these that could not be read are only counted."""


def write_prediction_page(
    prediction: PredictionFolder | Path, *, pictures: bool = True, inputs: Sequence[InputView] | None = None
) -> Path:
    """Write ``index.html`` into the folder of a prediction.

    It has an overview of all inputs, a timeline for each person, faces at the moments in which an expression
    was surest, how sure the network is and how well it works, and the settings. The faces are cut out of the
    videos again; where a video cannot be read any more, the page says so.

    Args:
        prediction: the folder that ``vidfer predict`` wrote.
        pictures: whether faces are shown.
        inputs: what :func:`~vidfer.report.prediction_page.content.view_inputs` gave, where it was asked
            before; else the page asks it.

    Returns:
        the file.

    Raises:
        ResultError: there is no prediction in the folder.
        DataError: its tables are damaged.
        DiskError: the disk is full.
    """
    prediction = prediction if isinstance(prediction, PredictionFolder) else read_prediction(Path(prediction))
    inputs = view_inputs(prediction, pictures=pictures) if inputs is None else inputs
    legend = _legend(prediction.classes, inputs)
    model, name = prediction.model, str(prediction.model.get("name", "unknown network"))
    text = (
        open_templates()
        .get_template("prediction.html")
        .render(
            **person_words(prediction.classes),
            version=__version__,
            made_on=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
            classes=prediction.classes,
            always_one=NONE_OF_THESE not in prediction.classes,
            legend=legend,
            n_others=len({*prediction.classes} - {*legend}),
            inputs=inputs,
            title=_title([one.name for one in prediction.inputs]),
            n_inputs=len(prediction.inputs),
            in_all=_in_all(prediction),
            faulty=[one for one in prediction.inputs if one.reason],
            most_faulty=MOST_FAULTY,
            most_inputs=MOST_INPUTS,
            most_people=MOST_PEOPLE,
            open_all=len(inputs) <= OPEN_INPUTS,
            pictures=pictures,
            ribbon_width=RIBBON,
            model_name=name,
            model_hash=str(model.get("hash", "")),
            threshold=model.get("threshold") if isinstance(model.get("threshold"), (int, float)) else None,
            threshold_says=str(model.get("threshold_says", "")),
            card=read_card(name),
            own=read_examples(model),
            settings=json.dumps(prediction.settings, indent=2, default=str, ensure_ascii=False),
            model_json=json.dumps(model, indent=2, default=str, ensure_ascii=False),
        )
    )
    path = prediction.folder / PAGE
    write_text(path, text)
    return path


def _in_all(prediction: PredictionFolder) -> list[tuple[str, float]]:
    """The share of each label over several inputs, the most frequent first; empty for a single one."""
    tables = (prediction.clips_csv, prediction.segments_csv)
    if len(prediction.inputs) < 2 or not all(table.exists() for table in tables):
        return []
    (whole,) = totals_of(prediction)
    return whole.shares(prediction.classes)


def _legend(classes: Sequence[str], inputs: Sequence[InputView]) -> list[str]:
    """The labels whose colours are explained: the upper band has all classes, the lower one those told."""
    told = {label for one in inputs for person in one.people for label, _ in person.shares}
    explained = told | {*classes} if len(classes) <= MOST_EXPLAINED else told
    return [name for name in dict.fromkeys((*classes, UNSURE, NONE_OF_THESE)) if name in explained]


def open_templates(*folders: Path) -> Environment:
    """The templates of this page, and those in further folders."""
    templates = Environment(
        loader=FileSystemLoader([HERE, HERE.parent, *folders]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["with_code"] = with_code
    return templates


def with_code(text: str) -> Markup:
    """A message as HTML, with what stands between backticks as code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def person_words(classes: Sequence[str]) -> dict:
    """What ``person.html`` needs beside a ``person`` and its input ``one``: colours, measures, and times."""
    colours = colours_of(classes)
    return {
        "colours": colours,
        "inks": {label: ink_on(colour) for label, colour in colours.items()},
        "places": {label: place for place, label in enumerate(colours)},
        "unsure": UNSURE,
        "picture_px": PICTURE_PX,
        "wide": WIDE,
        "high": HIGH,
        "length": length,
        "clock": clock,
    }


def _title(names: Sequence[str]) -> str:
    return f"What {names[0]} shows" if len(names) == 1 else f"What {len(names)} inputs show"
