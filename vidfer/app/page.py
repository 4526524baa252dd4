"""The page itself, built with Gradio."""

from __future__ import annotations

import json
from pathlib import Path

import gradio as gr

from vidfer.app.desk import Desk
from vidfer.app.film_tab import film_tab
from vidfer.app.limits import Limits
from vidfer.app.own_tab import own_tab
from vidfer.app.parts import OF_THE_APP, PLAIN, QUEUE
from vidfer.app.result_html import about_html, piece

HERE = Path(__file__).parent
PARTS = ("look.css", "timeline.js", "follow.js", "too_large.js")
STYLE = HERE.parent / "report" / "prediction_page" / "prediction_style.html"
SOFT, SOFT_DARK = "#59616c", "#a4acb8"
SOFTLY = ("body_text_color_subdued", "block_info_text_color", "input_placeholder_color")
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
        checkbox_border_color="#8a93a0",
        checkbox_border_color_dark="#8a93a0",
        **{name: SOFT for name in SOFTLY},
        **{f"{name}_dark": SOFT_DARK for name in SOFTLY},
    )


def head(limits: Limits) -> str:
    """The look of what the app writes itself, and the scripts. The timelines look as on the page of a
    prediction. Gradio's own option for CSS loses parts of it.

    Args:
        limits: of what visitors may upload; their browsers know them, too.
    """
    style, look, *scripts = (path.read_text("utf-8") for path in (STYLE, *(HERE / name for name in PARTS)))
    limit = {"bytes": limits.max_mb * 1e6, "words": limits.too_large("{name}", "{mb}") + "."}
    scripts.insert(0, f"const limit = {json.dumps(limit)};\n")
    return f"<style>.vidfer {{ {style} }}\n{look}</style><script>{''.join(scripts)}</script>"


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
                choice = film_tab(desk, of_app)
            with gr.Tab("Own expressions", id="own"):
                own_tab(desk, tabs, choice, of_app)
            with gr.Tab("Privacy", id="about"):
                gr.HTML(about_html(is_loopback=is_loopback), **PLAIN)
    page.queue(max_size=QUEUE, api_open=False)
    return page
