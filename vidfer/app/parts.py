"""What the tabs of the page have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from vidfer.app.desk import Desk

OF_THE_APP = "app"
"""The choice of the expressions with which the app was started."""
QUIET: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
"""Of an event that is done at once."""
QUEUE = 20
"""More visitors than these may not wait."""
NETWORKS: dict[str, Any] = {
    "concurrency_id": "networks",
    "concurrency_limit": QUEUE,  # the desk lets one after the other have them, and tells the others to wait
    "api_visibility": "private",
}
"""Of an event that needs the networks."""
PLAIN: dict[str, Any] = {"apply_default_css": False}
"""Of HTML that has a look of its own."""


def work_with(
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


def note_uploads(desk: Desk, field: gr.File | gr.Video) -> None:
    """Files that come into a field belong to the visitor, and go with the visitor."""

    def uploaded(paths: str | Sequence[str] | None, request: gr.Request) -> None:
        desk.uploaded(str(request.session_hash), paths_of(paths))

    field.change(uploaded, field, None, **QUIET)


def paths_of(paths: str | Sequence[str] | None) -> list[Path]:
    return [Path(path) for path in ([paths] if isinstance(paths, str) else paths or ())]
