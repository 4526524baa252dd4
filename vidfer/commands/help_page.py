"""The help page of a program: how it is called, what it does, its options, and examples."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from vidfer.commands.options import Group, Option

WIDEST = 100
"""A line of a help page has at most so many letters, however wide the terminal is."""
INDENT = 24
"""Where the text about an option begins; a longer option has its text on the next line."""
BOLD, PLAIN = "\x1b[1m", "\x1b[0m"

Example = tuple[str, str]
"""A command line, and what it does; that is empty if the page says it already."""


def usage(program: str, groups: Sequence[Group]) -> str:
    """How a program is called, such as ``vidfer inspect CACHE [options]``."""
    options = [option for group in groups for option in group.options]
    values = [one.typed if one.required else f"[{one.typed}]" for one in options if not one.names]
    required = [one.typed for one in options if one.names and one.required]
    return " ".join([program, *values, *required, "[options]"])


def help_page(
    program: str,
    about: str,
    groups: Sequence[Group],
    examples: Sequence[Example] = (),
    *,
    more: str = "",
    width: int = WIDEST,
    bold: bool = False,
) -> str:
    """The page as text.

    Args:
        program: as it is called, such as ``vidfer cache``.
        about: what it does; paragraphs are parted by empty lines.
        groups: its options.
        examples: command lines to learn from.
        more: a last paragraph.
        width: of the terminal, in letters.
        bold: whether headings and options are written in bold letters.
    """
    width = max(50, min(width, WIDEST))
    strong = f"{BOLD}%s{PLAIN}" if bold else "%s"
    called = f"usage: {usage(program, groups)}"
    parts = [textwrap.fill(called, width, subsequent_indent=" " * 7, break_on_hyphens=False)]
    parts += [_filled(paragraph, width) for paragraph in re.split(r"\n\s*\n", about.strip())]
    helped = False
    for group in groups:
        lines = [strong % f"{group.title[0].upper()}{group.title[1:]}"]
        if group.about:
            lines.append(_filled(group.about, width, indent=2))
        for option in group.options:
            lines.append(_entry(option.typed, option_text(option), width, strong))
        if group.title == "options":
            lines.append(_entry("-h, --help", "Show this page.", width, strong))
            helped = True
        parts.append("\n".join(lines))
    if not helped:
        parts.append("\n".join([strong % "Options", _entry("-h, --help", "Show this page.", width, strong)]))
    if examples:
        lines = [strong % "Examples"]
        for command, what in examples:
            lines += [
                *[f"  # {what}"] * bool(what),
                *(f"  {strong % line}" for line in broken(command, width - 4)),
            ]
        parts.append("\n".join(lines))
    return "\n\n".join([*parts, *filter(None, (_filled(more, width),))])


def option_text(option: Option) -> str:
    """Its help, the values that it takes, and its default."""
    facts = [choices_text(option)] if choices_text(option) else []
    if option.required:
        facts.append("required")
    elif option.is_flag:
        facts += ["on by default"] * option.is_on
    elif option.default:
        facts.append(f"default: {option.default}")
    return " ".join(filter(None, (option.help, f"({'; '.join(facts)})" if facts else "")))


def choices_text(option: Option) -> str:
    """Which values it takes; empty if its help names all of them, or if it takes any."""
    if not option.choices or all(f"`{one}`" in option.help for one in option.choices):
        return ""
    return f"{'some' if option.count is None else 'one'} of {', '.join(option.choices)}"


def _entry(typed: str, about: str, width: int, strong: str) -> str:
    """An option and its text beside it, or below it if the option is long."""
    head = f"  {typed}"
    lines = textwrap.wrap(about, width - INDENT, break_long_words=False, break_on_hyphens=False) or [""]
    rest = [" " * INDENT + line for line in lines]
    shown = f"  {strong % typed}"
    if len(head) > INDENT - 2:
        return "\n".join([shown, *rest])
    return "\n".join([shown + " " * (INDENT - len(head)) + lines[0], *rest[1:]]).rstrip()


def broken(command: str, width: int) -> list[str]:
    """A command line as lines that can be copied into a shell; new ones begin with an option."""
    lines, words = [], re.split(r" (?=--)", command)
    for word in words:
        if lines and len(lines[-1]) + len(word) < width:
            lines[-1] += f" {word}"
        else:
            lines.append(f"{'    ' * bool(lines)}{word}")
    return [f"{line} \\" for line in lines[:-1]] + lines[-1:]


def _filled(text: str, width: int, indent: int = 0) -> str:
    space = " " * indent
    return textwrap.fill(
        " ".join(text.split()),
        width,
        initial_indent=space,
        subsequent_indent=space,
        break_long_words=False,
        break_on_hyphens=False,
    )
