"""The tab where own expressions are taught."""

from __future__ import annotations

import gradio as gr

from vidfer.app.desk import OWN, Desk
from vidfer.app.parts import OF_THE_APP, PLAIN, QUIET, note_uploads, paths_of, work_with
from vidfer.app.result_html import message_html, piece
from vidfer.infer.support.settings import NONE_OF_THESE

MOST_EXPRESSIONS = 6
SHOWN_AT_FIRST = 2


def own_tab(desk: Desk, tabs: gr.Tabs, choice: gr.Radio, of_app: tuple[str, str]) -> None:
    """Build the tab.

    Args:
        desk: does the work.
        tabs: of the page; a button leads to the tab ``film``.
        choice: of expressions; those that were taught become one.
        of_app: words and value of the choice of the app's own expressions.
    """
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
    taught = gr.HTML("", min_height=60, elem_id="taught-place", **PLAIN)
    use = gr.Button("Find them in a film", visible=False, variant="primary", elem_id="use")

    def teach(given: dict, request: gr.Request, progress: gr.Progress = gr.Progress()) -> tuple:  # noqa: B008
        pairs = [(given[name] or "", paths_of(given[paths])) for name, paths in zip(names, examples)]
        text, classes = desk.teach(str(request.session_hash), pairs, paths_of(given[others]), progress)
        if classes is None:
            return text, gr.update(visible=False), gr.update(choices=[of_app], value=OF_THE_APP)
        choices = [of_app, (f"my own: {', '.join(classes)}", OWN)]
        return text, gr.update(visible=True), gr.update(choices=choices, value=OWN)

    def show_more(n: int) -> tuple:
        n = min(MOST_EXPRESSIONS, n + 1)
        seen = (gr.update(visible=i < n) for i in range(len(rows)))
        return n, gr.update(visible=n < MOST_EXPRESSIONS), *seen

    working = message_html("", "working", "taught")
    work_with(desk, learn, stop, teach, {others, *examples, *names}, [taught, use, choice], working)
    more.click(show_more, shown, [shown, more, *rows], **QUIET)
    use.click(lambda: gr.update(selected="film"), None, tabs, **QUIET)
    for field in (others, *examples):
        note_uploads(desk, field)


def _examples(label: str, number: int) -> gr.File:
    return gr.File(
        file_count="multiple",
        label=label,
        elem_id=f"examples-{number}",
        height=150,
    )
