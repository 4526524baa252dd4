"""The program ``vidfer``: finds the command and runs it. ``vidfer --help`` loads nothing heavy."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from traceback import walk_tb

import vidfer.no_telemetry
import vidfer.passive_threads  # noqa: F401
from vidfer.commands.early_stop import errors_after_ctrl_c
from vidfer.commands.old_names import OF_COMMANDS
from vidfer.commands.say import is_read, say
from vidfer.commands.stopped import stopped_text
from vidfer.errors import MissingPackageError, SettingError, exit_on_user_error
from vidfer.nearest import nearest

COMMANDS = {
    "predict": ("predict", "say what the people in videos and pictures express, moment by moment"),
    "summary": ("summary", "say what a prediction shows as a whole: shares, strongest moments, faults"),
    "learn": ("learn", "learn expressions of your own from a few examples, without training"),
    "app": ("app", "show a page in the browser: drop a film, or use the camera"),
    "sources": ("sources", "list the data sets that can be read, with layout and licence"),
    "sources folds": ("sources_folds", "write the official folds of a data set as a table"),
    "actors": ("actors", "write a data set of synthetic actors in AFEW's layout"),
    "cache": ("cache", "detect, follow and crop the faces of all clips into one HDF5 file"),
    "inspect": ("inspect", "say what a cache holds, or draw a contact sheet of one clip"),
    "verify": ("verify", "recompute every hash of a cache and name the damaged clips"),
    "relabel": ("relabel", "give the clips of a cache other labels, subjects or splits"),
    "export": ("export", "copy some clips of a cache into a cache of their own, or all but some"),
    "merge": ("merge", "join caches: shards of a data set, or several data sets"),
    "encoders": ("encoders", "list pretrained encoders, with what they learned from and their licence"),
    "encoders get": ("encoders_get", "download a pretrained encoder, check it and keep it"),
    "train supervised": ("train_supervised", "train on labelled clips"),
    "train noisy_student": (
        "train_noisy_student",
        "go on with unlabelled clips, which a trained teacher labels",
    ),
    "train fewshot": ("train_fewshot", "train to recognise new classes from a few examples"),
    "train egs": ("train_egs", "the same, together with a classifier"),
    "annotations": ("annotations", "write labels for people who correct them in ELAN or Label Studio"),
    "review": ("review", "look at pseudo-labelled clips in the browser, and correct them with one key"),
    "export-onnx": ("export_onnx", "write a classifier as an ONNX file, which runs without PyTorch"),
    "push": ("push", "upload a checkpoint to the Hugging Face hub, after showing what goes"),
    "eval": ("eval", "measure a checkpoint, also on novel classes from a few examples"),
    "results compare": ("results_compare", "compare results on the same clips with the first of them"),
    "results pool": ("results_pool", "join the results of all folds of a cross-validation into one"),
    "results episodes": ("results_episodes", "write the episodes of a few-shot result as a table"),
    "report": ("report", "write one HTML page about runs and results"),
    "doctor": ("doctor", "say whether vidfer works on this machine, and what to do where it does not"),
    "completion": ("completion", "print a script with which your shell completes commands and options"),
    "responsible-use": ("responsible_use", "say what to know before you look at people with vidfer"),
}
"""Every command: its module in :mod:`vidfer.commands`, and its line in ``vidfer --help``."""

GROUPS = {
    "Films": ("predict", "summary", "learn", "app"),
    "Data sets and caches of face crops": (
        *("sources", "sources folds", "actors"),
        *("cache", "inspect", "verify", "relabel", "export", "merge"),
    ),
    "Training": (
        *("train supervised", "train noisy_student", "train fewshot", "train egs"),
        *("encoders", "encoders get"),
    ),
    "Correcting labels": ("annotations", "review"),
    "Results": ("eval", "results compare", "results pool", "results episodes", "report"),
    "Sharing, and help": ("export-onnx", "push", "doctor", "completion", "responsible-use"),
}
"""Headings of ``vidfer --help``, in the order in which a user needs the commands."""

FAMILIES = {
    "train": "run a recipe: supervised, noisy_student, fewshot or egs",
    "results": "compare results, pool the folds of one, or list its episodes",
}
"""Commands of two words that are one line of ``vidfer --help``, by their first word."""

HELP = """usage: vidfer COMMAND [options]

From a folder of videos of people to a facial-expression recogniser, with as few labels as possible.
Start here: `vidfer predict film.mp4` shows what the people in a film of yours express.

{sections}

`vidfer help COMMAND` explains a command, with examples. Exit status: 0 done; 1 done, but something
was wrong and is listed; 2 not done, the message says why; 130 stopped with Ctrl-C."""


def main() -> None:
    """Entry point of the program ``vidfer``."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed, as by `>&-`; a file that is opened would take its number
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
    try:
        _run(sys.argv[1:])
    except BrokenPipeError:  # a library has printed, and the reader has ended, as in `... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        with exit_on_user_error():  # the disk may be full
            is_read()  # hands over what was printed; the exit status stays


def _run(words: Sequence[str]) -> None:
    if words and words[0] == "help":
        words = [*words[1:], "--help"]
    if not words or words[0] in ("-h", "--help"):
        sections = [f"{title}\n{_lines(_rows(names))}" for title, names in GROUPS.items()]
        say(HELP.format(sections="\n\n".join(sections)))
    elif words[0] in ("-V", "--version"):
        from vidfer import __version__

        say(f"vidfer {__version__}")
    elif list(words[1:]) in ([], ["-h"], ["--help"], ["--help-all"]) and (members := _members(words[0])):
        say(f"usage: vidfer {words[0]} COMMAND [options]\n\n{_lines(_rows(members, ()))}{_where(words[0])}")
    else:
        with exit_on_user_error():
            name, arguments = _command_of(words)
        told = exit_on_user_error(f"vidfer {name}", partial(stopped_text, name))
        with told, errors_after_ctrl_c(), _packages(name):
            command = importlib.import_module(f"vidfer.commands.{COMMANDS[name][0]}")
            raise SystemExit(command.main(arguments))


@contextmanager
def _packages(command: str) -> Iterator[None]:
    """Tell what cannot be imported, such as a package that was not installed as a whole."""
    try:
        yield
    except (ImportError, OSError) as error:
        frames = [frame for frame, _ in walk_tb(error.__traceback__)]
        imported = [frame.f_globals["__name__"] for frame in frames if frame.f_code.co_name == "<module>"]
        name = getattr(error, "name", None) or (imported or ["vidfer"])[-1]
        package = name.partition(".")[0]
        # A package that lacks a library of the system also raises an OSError without a number.
        if package in ("vidfer", "__main__") or not (isinstance(error, ImportError) or error.errno is None):
            raise  # a fault of ours, or about a file
        remedy = f"`pip install --force-reinstall {package}` may help"
        more = remedy if command == "doctor" else "`vidfer doctor` says what to do"
        raise MissingPackageError(f"{package} cannot be loaded: {error}; {more}") from error


def _command_of(words: Sequence[str]) -> tuple[str, list[str]]:
    """The name of the command, one word or two, and the words after it."""
    for length in (2, 1):
        name = " ".join(words[:length])
        if name in COMMANDS:
            return name, list(words[length:])
    if words[0] in OF_COMMANDS:
        raise SettingError(f"`vidfer {words[0]}` is now `vidfer {OF_COMMANDS[words[0]]}`")
    members = _members(words[0])
    family = f"{words[0]} " if members else ""
    unknown, known = " ".join(words[: 2 if members else 1]), members or [*COMMANDS, *FAMILIES]
    near = nearest(unknown.removeprefix(family), [name.removeprefix(family) for name in known])
    if near:
        meant = " or ".join(family + name for name in near)
        raise SettingError(
            f"there is no command '{unknown}'; did you mean {meant}? `vidfer --help` lists them all"
        )
    if unknown.startswith("-"):
        raise SettingError(
            f"there is no option {unknown} before a command; `vidfer --help` lists the commands"
        )
    choice = f"choose one of: {', '.join(members)}" if members else "`vidfer --help` lists all commands"
    raise SettingError(f"there is no command '{unknown}'; {choice}")


def _members(name: str) -> list[str]:
    """The commands of two words that begin with a word that is no command itself."""
    return [] if name in COMMANDS else [known for known in COMMANDS if known.startswith(f"{name} ")]


def _where(name: str) -> str:
    """What a group of commands works with, where users may want to look at it."""
    if name != "train":
        return ""
    from vidfer.commands.recipes import recipe_folder

    return f"""

Each of them runs a script in {recipe_folder()}
`accelerate launch` starts the same scripts, also on several machines."""


def _rows(names: Sequence[str], families: Collection[str] = FAMILIES) -> dict[str, str]:
    """What each command does, by its name; members of a family are one row."""
    found = {}
    for name in names:
        family = name.partition(" ")[0]
        found |= {family: FAMILIES[family]} if family in families else {name: COMMANDS[name][1]}
    return found


def _lines(rows: Mapping[str, str]) -> str:
    return "\n".join(f"  {name:19}  {what}" for name, what in rows.items())


if __name__ == "__main__":
    main()
