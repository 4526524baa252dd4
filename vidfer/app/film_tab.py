"""The tab where a film is chosen, and where its result is shown."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import gradio as gr
import numpy as np

from vidfer.app.desk import Desk
from vidfer.app.parts import OF_THE_APP, PLAIN, QUIET, note_uploads, work_with
from vidfer.app.result_html import message_html, piece
from vidfer.errors import VidferError
from vidfer.report.time_text import hours

LIVE_EVERY_S = 0.12
"""Time from one frame of a live camera to the next, in seconds."""
LIVE_VISITORS = 4
"""So many live cameras at most."""


def film_tab(desk: Desk, of_app: tuple[str, str]) -> gr.Radio:
    """Build the tab.

    Args:
        desk: does the work.
        of_app: words and value of the choice of the app's own expressions.

    Returns:
        the choice of expressions, which another tab may change.
    """
    limits = desk.limits
    size = f"up to {hours(limits.max_seconds)} and {limits.max_mb:g} MB"
    with gr.Row():
        with gr.Column(scale=2, min_width=300):
            with gr.Tabs():
                with gr.Tab("File") as file_tab:
                    film = gr.File(
                        label=f"Film or picture, {size}",
                        elem_id="film",
                        height=180,
                    )
                    example = gr.Button(
                        "No film at hand? Take two drawn people", size="sm", elem_id="example"
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
            result = gr.HTML(piece("nothing_yet.html"), min_height=260, elem_id="result-place", **PLAIN)
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
        time_limit=max(1, round(limits.max_seconds)),  # 0 would be none
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

    def draw(request: gr.Request) -> str | None:
        try:
            path = desk.example(str(request.session_hash))
        except VidferError as error:
            raise gr.Error(str(error), title="No film", print_exception=False) from error
        return str(path) if path else None

    # In the queue, as it takes longer than the app waits for other requests when it ends.
    example.click(draw, None, film, show_progress="full", api_visibility="private")
    working = message_html("", "working")
    work_with(desk, run, stop, predict, [film, camera, is_camera, choice, blur], [result], working)
    for field in (film, camera):
        note_uploads(desk, field)
    return choice


def _choose_source(from_camera: bool, is_film: bool) -> tuple:
    """Whether the film is a recording; and the fields that a live view does not need."""
    return from_camera, gr.update(visible=is_film), gr.update(visible=is_film)
