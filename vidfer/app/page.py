"""The page itself, built with Gradio."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from vidfer.app.desk import OWN, Desk
from vidfer.app.result_html import about_html, message_html, piece
from vidfer.infer.support.settings import NONE_OF_THESE
from vidfer.report.time_text import hours

HERE = Path(__file__).parent
STYLE = HERE.parent / "report" / "prediction_page" / "prediction_style.html"
OF_THE_APP = "app"
MOST_EXPRESSIONS = 6
SHOWN_AT_FIRST = 2
QUEUE = 20
"""More visitors than these may not wait."""
LIVE_EVERY_S = 0.12
"""Time from one frame of a live camera to the next, in seconds."""
LIVE_VISITORS = 4
"""So many live cameras at most."""
QUIET: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
NETWORKS: dict[str, Any] = {"concurrency_id": "networks", "concurrency_limit": 1, "api_visibility": "private"}
PLAIN: dict[str, Any] = {"apply_default_css": False}
PRIMARY = {"button_primary_background_fill": "#0072b2", "button_primary_background_fill_hover": "#005c90"}


def theme() -> gr.themes.Base:
    """Colours and letters; the letters are those of the visitor's system, so that none are loaded."""
    return gr.themes.Base(
        primary_hue=gr.themes.colors.blue,
        neutral_hue=gr.themes.colors.slate,
        font=["system-ui", "-apple-system", "Segoe UI", "Roboto", "Liberation Sans", "sans-serif"],
        font_mono=["ui-monospace", "Menlo", "DejaVu Sans Mono", "monospace"],
    ).set(
        **PRIMARY,
        **{f"{name}_dark": colour for name, colour in PRIMARY.items()},
        button_primary_text_color="#ffffff",
        body_text_color_subdued="#59616c",
        body_text_color_subdued_dark="#a4acb8",
        block_info_text_color="#59616c",
        block_info_text_color_dark="#a4acb8",
    )


def head() -> str:
    """The look of what the app writes itself, and the script of the timelines, which look as on the page of a
    prediction. Gradio's own option for CSS loses parts of it."""
    style, look, script = (
        path.read_text("utf-8") for path in (STYLE, HERE / "look.css", HERE / "timeline.js")
    )
    return f"<style>.vidfer {{ {style} }}\n{look}</style><script>{script}</script>"


def build_page(desk: Desk, *, is_loopback: bool) -> gr.Blocks:
    """The page, without a server.

    Args:
        desk: does the work.
        is_loopback: whether only this machine can reach the app.
    """
    name = str(desk.predictor.classifier.about.get("name", ""))
    of_app = (f"{name}: {', '.join(desk.predictor.classes)}", OF_THE_APP)
    with gr.Blocks(title="vidfer", analytics_enabled=False) as page:
        gr.HTML(piece("head.html"), **PLAIN)
        with gr.Tabs() as tabs:
            with gr.Tab("Films", id="film"):
                choice = _film_tab(desk, of_app)
            with gr.Tab("Own expressions", id="own"):
                _own_tab(desk, tabs, choice, of_app)
            with gr.Tab("Privacy", id="about"):
                gr.HTML(about_html(is_loopback=is_loopback), **PLAIN)

        def leave(request: gr.Request) -> None:
            desk.visits.end(str(request.session_hash))

        page.unload(leave)
    page.queue(max_size=QUEUE, api_open=False)
    return page


def _film_tab(desk: Desk, of_app: tuple[str, str]) -> gr.Radio:
    """Where a film is chosen, and where its result is shown. Returns the choice of expressions."""
    limits = desk.limits
    size = f"up to {hours(limits.max_seconds)} and {limits.max_mb:g} MB"
    with gr.Row():
        with gr.Column(scale=2, min_width=300):
            with gr.Tabs():
                with gr.Tab("File") as file_tab:
                    film = gr.File(
                        file_types=["video", "image"],
                        label=f"Film or picture, {size}",
                        elem_id="film",
                        height=180,
                    )
                with gr.Tab("Camera") as camera_tab:
                    camera = gr.Video(
                        sources=["webcam"],
                        webcam_options=gr.WebcamOptions(mirror=False),
                        include_audio=True,
                        label=f"Record a film, {size}",
                        elem_id="camera",
                        height=280,
                    )
                with gr.Tab("Live") as live_tab:
                    live = gr.Image(
                        sources=["webcam"],
                        streaming=True,
                        type="numpy",
                        webcam_options=gr.WebcamOptions(mirror=False),
                        label="Look into the camera; nothing is recorded",
                        elem_id="live",
                        height=280,
                    )
            choice = gr.Radio([of_app], value=OF_THE_APP, label="Expressions", elem_id="choice")
            blur = gr.Checkbox(
                label="Make faces unrecognisable",
                info="in the film; faces are shown nowhere else",
                elem_id="blur",
            )
            run = gr.Button("See what faces show", variant="primary", elem_id="run")
            stop = gr.Button("Stop", visible=False, elem_id="stop")
        with gr.Column(scale=5, min_width=300):
            result = gr.HTML(piece("nothing_yet.html"), min_height=260, **PLAIN)
    is_camera = gr.State(False)
    for tab, from_camera in ((file_tab, False), (camera_tab, True)):
        show = partial(_choose_source, from_camera, True)
        tab.select(show, None, [is_camera, run, blur], **QUIET)
    live_tab.select(partial(_choose_source, False, False), None, [is_camera, run, blur], **QUIET)

    def look(image: np.ndarray | None, choice: str, request: gr.Request) -> str | dict:
        return gr.skip() if image is None else desk.look(str(request.session_hash), image, choice)

    live.stream(
        look,
        [live, choice],
        result,
        stream_every=LIVE_EVERY_S,
        time_limit=round(limits.max_seconds),
        concurrency_limit=LIVE_VISITORS,
        show_progress="hidden",
        api_visibility="private",
    )

    def predict(
        film: str | None,
        camera: str | None,
        is_camera: bool,
        choice: str,
        blur: bool,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> str:
        chosen = camera if is_camera else film
        path = Path(chosen) if chosen else None
        return desk.predict(str(request.session_hash), path, choice, blur, progress)

    working = message_html("", "working")
    _work(desk, run, stop, predict, [film, camera, is_camera, choice, blur], [result], working)
    for field in (film, camera):
        _note_uploads(desk, field)
    return choice


def _choose_source(from_camera: bool, is_film: bool) -> tuple:
    """Whether the film is a recording; and the fields that a live view does not need."""
    return from_camera, gr.update(visible=is_film), gr.update(visible=is_film)


def _own_tab(desk: Desk, tabs: gr.Tabs, choice: gr.Radio, of_app: tuple[str, str]) -> None:
    """Where own expressions are taught."""
    gr.HTML(piece("own.html"), **PLAIN)
    rows, names, examples = [], [], []
    with gr.Row():
        for number in range(1, MOST_EXPRESSIONS + 1):
            with gr.Column(min_width=240, visible=number <= SHOWN_AT_FIRST) as row:
                names.append(
                    gr.Textbox(
                        label=f"Expression {number}",
                        placeholder="its name, such as pout",
                        max_length=40,
                        elem_id=f"name-{number}",
                    )
                )
                examples.append(_examples(f"Examples of expression {number}", number))
            rows.append(row)
        with gr.Column(min_width=240):
            gr.Textbox(NONE_OF_THESE, label="And faces that show", interactive=False)
            others = _examples("The same people at rest and talking", 0)
    shown = gr.State(SHOWN_AT_FIRST)
    with gr.Row():
        more = gr.Button("One more expression", elem_id="more")
        learn = gr.Button("Learn them", variant="primary", elem_id="learn")
        stop = gr.Button("Stop", visible=False, elem_id="stop-learning")
    taught = gr.HTML("", min_height=60, **PLAIN)
    use = gr.Button("Find them in a film", visible=False, variant="primary", elem_id="use")

    def teach(given: dict, request: gr.Request, progress: gr.Progress = gr.Progress()) -> tuple:  # noqa: B008
        pairs = [(given[name] or "", _paths(given[paths])) for name, paths in zip(names, examples)]
        text, classes = desk.teach(str(request.session_hash), pairs, _paths(given[others]), progress)
        if classes is None:
            return text, gr.update(visible=False), gr.update(choices=[of_app], value=OF_THE_APP)
        choices = [of_app, (f"my own: {', '.join(classes)}", OWN)]
        return text, gr.update(visible=True), gr.update(choices=choices, value=OWN)

    def show_more(n: int) -> tuple:
        n = min(MOST_EXPRESSIONS, n + 1)
        seen = (gr.update(visible=i < n) for i in range(len(rows)))
        return n, gr.update(visible=n < MOST_EXPRESSIONS), *seen

    working = message_html("", "working", "taught")
    _work(desk, learn, stop, teach, {others, *examples, *names}, [taught, use, choice], working)
    more.click(show_more, shown, [shown, more, *rows], **QUIET)
    use.click(lambda: gr.update(selected="film"), None, tabs, **QUIET)
    for field in (others, *examples):
        _note_uploads(desk, field)


def _work(
    desk: Desk,
    run: gr.Button,
    stop: gr.Button,
    work: Callable,
    inputs: list[gr.components.Component] | set[gr.components.Component],
    outputs: list[gr.components.Component],
    working: str,
) -> None:
    """A button that begins some work, and one that stops it and is there only meanwhile.

    The first of the outputs shows ``working`` and the progress while it runs.
    """

    def begin(request: gr.Request) -> tuple:
        desk.begin(str(request.session_hash))
        return gr.update(interactive=False), gr.update(visible=True), working

    def end() -> tuple:
        return gr.update(interactive=True), gr.update(visible=False)

    def stop_work(request: gr.Request) -> None:
        desk.stop(str(request.session_hash))

    begun = run.click(begin, None, [run, stop, outputs[0]], **QUIET)
    done = begun.then(work, inputs, outputs, show_progress_on=outputs[0], **NETWORKS)
    done.then(end, None, [run, stop], **QUIET)
    stop.click(stop_work, None, None, **QUIET)


def _note_uploads(desk: Desk, field: gr.File | gr.Video) -> None:
    """Files that come into a field belong to the visitor, and go with the visitor."""

    def uploaded(paths: str | Sequence[str] | None, request: gr.Request) -> None:
        desk.uploaded(str(request.session_hash), _paths(paths))

    field.change(uploaded, field, None, **QUIET)


def _examples(label: str, number: int) -> gr.File:
    return gr.File(
        file_count="multiple",
        file_types=["video", "image"],
        label=label,
        elem_id=f"examples-{number}",
        height=150,
    )


def _paths(paths: str | Sequence[str] | None) -> list[Path]:
    return [Path(path) for path in ([paths] if isinstance(paths, str) else paths or ())]
