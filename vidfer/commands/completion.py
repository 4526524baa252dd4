"""``vidfer completion``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import tyro

from vidfer.commands.completion_scripts import SCRIPTS
from vidfer.commands.completion_table import read_table
from vidfer.commands.console import parse
from vidfer.commands.say import say

EXAMPLES = (
    ("vidfer completion bash >> ~/.bashrc", "complete in every new bash"),
    ("vidfer completion zsh > ~/.zfunc/_vidfer", "complete in zsh, whose fpath has ~/.zfunc"),
    ("vidfer completion fish > ~/.config/fish/completions/vidfer.fish", "complete in fish"),
)


def main(arguments: Sequence[str]) -> int:
    """``vidfer completion``"""

    @dataclass(frozen=True, kw_only=True)
    class Completion:
        """Print a script for your shell. With it the Tab key completes commands, options, their values and
        files."""

        shell: tyro.conf.Positional[Literal["bash", "zsh", "fish"]]
        """Your shell."""

    shell = parse(Completion, arguments).shell
    say(SCRIPTS[shell](read_table()).rstrip())
    return 0
