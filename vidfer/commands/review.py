"""``vidfer review``."""

from __future__ import annotations

import webbrowser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from vidfer.commands.console import parse
from vidfer.commands.say import is_read, say
from vidfer.rare import Rare

EXAMPLES = (
    ("vidfer review runs/student", "look at the pseudo-labels of a run, the most doubtful first"),
    (
        "vidfer review predictions/interview --address-only",
        "look at the segments of a film, and open no browser",
    ),
)


def main(arguments: Sequence[str]) -> int:
    """``vidfer review``"""

    @dataclass(frozen=True, kw_only=True)
    class Review:
        """Review labels in the browser: look at each clip, and accept or change its label with one key. Each
        word is on disk at once: in the table of the round, or in corrections.csv of the prediction. Only this
        machine reaches the page."""

        run: tyro.conf.Positional[Path]
        """The --out of noisy_student.py, or of `vidfer predict`."""
        round: int | None = None
        """Round of the pseudo-labels; by default the latest."""
        cache: Path | None = None
        """The cache of the clips, where it is not where the run was started with."""
        order: Literal["unsure", "table"] = "unsure"
        """The clips of which the network is least sure first; or the order of the table, which for
        pseudo-labels is a random sample, from which one can tell how often the teacher is right."""
        port: Rare[int] = 0
        """Port of the page; 0 takes any free one."""
        address_only: bool = False
        """Only tell the address of the page, and open no browser."""

    options = parse(Review, arguments)
    from vidfer.infer.prediction_folder import ABOUT, read_prediction
    from vidfer.report.review_server import ReviewServer

    note, what = "", "clips"
    if (options.run / ABOUT).exists():
        from vidfer.report.review_segments import PredictionReview

        what = "segments"
        review = PredictionReview(read_prediction(options.run), options.order)
    else:
        from vidfer.learn.round_table import open_round
        from vidfer.report.review_clips import RoundReview

        table = open_round(options.run, options.round, options.cache)
        review = RoundReview(table, options.order)
        if (options.run / "checkpoints" / f"round{table.number}").is_dir():
            note = (
                "The student of this round has learned already: what you say counts from the next round on, "
                f"or in a new run with --corrections {table.path}."
            )
    with ReviewServer(review, options.port, note) as server:
        say(f"{len(review.items)} {what}; each word is written into {review.path} at once")
        say(f"review them on {server.address}")
        say("Ctrl-C ends the review; started again, it goes on where you were")
        is_read()  # hands it over, also where it goes into a file or another program
        if not options.address_only:
            webbrowser.open(server.address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            done = sum(bool(review.words.word(item.row)) for item in review.items)
            say(f"\n{done} of {len(review.items)} {what} have a word in {review.path}")
            if done and what == "segments":
                say(f"next: vidfer learn {options.run} --out mine.vidfer")
    return 0
