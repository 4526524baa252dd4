"""``vidfer app``."""

from __future__ import annotations

import signal
import sys
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from vidfer.commands.console import parse
from vidfer.commands.say import is_read, say
from vidfer.included import IN_THE_BOX

EXAMPLES = (
    ("vidfer app --open", "show the page in the browser"),
    ("vidfer app --checkpoint runs/student", "use your own network"),
    ("vidfer app --support mine.vidfer --port 8000", "find expressions of your own, on another port"),
)


def main(arguments: Sequence[str]) -> int:
    """``vidfer app``"""

    @dataclass(frozen=True, kw_only=True)
    class App:
        """Show a page in the browser: drop a film or use the camera, and see what faces show.

        The page also learns expressions of your own from a few examples. Films are deleted an hour after
        their last use at the latest. An expression is not an emotion: what a face shows does not tell what a
        person feels.
        """

        checkpoint: str = IN_THE_BOX
        """The network: a run folder, a checkpoint, or the name of an included network."""
        support: Path | None = None
        """Expressions of your own in place of the network's: a file of `vidfer learn`, or the folder or table
        of examples that it takes."""
        host: str = "127.0.0.1"
        """Where the page is reached: 127.0.0.1 is this machine only, 0.0.0.0 every network it is in."""
        port: int = 7860
        """Port of the page; 0 takes any free one."""
        device: str = "cpu"
        """Where the networks run: cpu, cuda, cuda:1."""
        max_mb: float = 200
        """Refuse files that are larger, in megabytes."""
        max_seconds: float = 300
        """Refuse films that are longer, in seconds."""
        open: bool = False
        """Open the page in the browser."""

    options = parse(App, arguments)
    from vidfer.actors.two_people import draw_two_people
    from vidfer.app.limits import Limits
    from vidfer.app.serve import address_here, bind, check_gradio, is_loopback, serve
    from vidfer.app.visits import open_visits
    from vidfer.infer.predictor import Predictor, load
    from vidfer.infer.support.open_support import open_support

    limits = Limits(max_mb=options.max_mb, max_seconds=options.max_seconds)
    check_gradio()
    with bind(options.host, options.port) as listening:
        if options.support is None:
            predictor = load(options.checkpoint, device=options.device)
        else:
            classifier, said = open_support(
                options.support, checkpoint=options.checkpoint, device=options.device
            )
            for line in said:
                say(line, file=sys.stderr)
            predictor = Predictor(classifier, device=options.device)
        address = address_here(options.host, listening.getsockname()[1])

        def started() -> None:
            if not is_loopback(options.host):
                say(
                    f"warning: --host {options.host} shows the page to everybody who reaches this machine, "
                    "without a password and unencrypted; use it in a network that you trust only",
                    file=sys.stderr,
                )
            say(f"the page is on {address}")
            say("Ctrl-C ends it, and deletes all films and results")
            is_read()  # hands it over, also where it goes into a file or another program
            if options.open:
                webbrowser.open(address)

        with _ended_once(), open_visits() as visits, suppress(KeyboardInterrupt):
            serve(predictor, visits, limits, listening, draw_two_people, started)
    say("ended; all films and results are deleted")
    return 0


@contextmanager
def _ended_once() -> Iterator[None]:
    """Ctrl-C and SIGTERM end the block. Whoever presses Ctrl-C again does not end the deleting of films."""
    is_asked = False

    def interrupt(*_) -> None:
        nonlocal is_asked
        if not is_asked:
            is_asked = True
            raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
