"""The commands: parse, then import the work. This module alone is loaded for ``vidfer --help``."""

from __future__ import annotations

import importlib
import os
import sys

from vidfer.errors import VidferError, exit_on_user_error

COMMANDS = {
    "actors": "write a data set of synthetic actors in AFEW's layout",
    "sources": "list the data sets that `vidfer cache` can read, with layout and licence",
    "cache": "detect, follow and crop the faces of all clips into one HDF5 file",
    "inspect": "say what a cache holds, or draw a contact sheet of one clip",
    "merge": "join caches: shards of a data set, or several data sets",
    "export": "copy some clips of a cache into a cache of their own",
    "remove": "take some clips out of a cache",
    "relabel": "give the clips of a cache other labels, subjects or splits",
    "verify": "recompute every hash of a cache and name the clips that are damaged",
    "eval": "measure a checkpoint: classes of a split, and novel classes from a few examples",
    "compare": "hold results on the same clips or episodes against the first of them",
    "pool": "make one result of the folds of a cross-validation",
    "folds": "write the official folds of a data set as a table",
    "episodes": "write the episodes of a few-shot result as a table",
    "report": "write one HTML page about runs and results",
}

HELP = """usage: vidfer COMMAND [options]

From a folder of videos of people to a facial-expression recogniser, with as few labels as possible.

{commands}

`vidfer COMMAND --help` explains every option. Training is done by the scripts in recipes/, started with
`accelerate launch`. Exit status: 0 done, 1 done but something was wrong (it is listed), 2 nothing done (the
message says why)."""


def main() -> None:
    """Entry point of the program ``vidfer``."""
    try:
        try:
            _run()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has seen enough, as in `vidfer inspect ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run() -> None:
    name, *arguments = sys.argv[1:] or ["--help"]
    if name in ("-h", "--help"):
        print(HELP.format(commands="\n".join(f"  {name:8} {what}" for name, what in COMMANDS.items())))
        return
    if name in ("-V", "--version"):
        from vidfer import __version__

        print(f"vidfer {__version__}")
        return
    with exit_on_user_error():
        if name not in COMMANDS:
            raise VidferError(f"there is no command '{name}'; choose one of: {', '.join(COMMANDS)}")
        command = importlib.import_module(f"vidfer.commands.{name}")
        raise SystemExit(command.main(arguments))


if __name__ == "__main__":
    main()
