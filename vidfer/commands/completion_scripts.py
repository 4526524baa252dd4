"""Scripts with which a shell completes command lines of vidfer. They hold all words and start no program."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from vidfer.commands.completion_table import FLAG, PATH, Row, commands_of

_WORDS = """\
# Completion of vidfer, made by `vidfer completion {shell}`.
_vidfer_first() {{ echo "{first} help"; }}
_vidfer_second() {{
  case "$1" in
{second}
  esac
}}
_vidfer_options() {{
  case "$1" in
{options}
  esac
}}
# What an option takes: `path`, `flag`, or its values; `...` before it: any number of them.
_vidfer_takes() {{
  case "$1" in
{takes}
  esac
}}
# The command in the words so far: two words or one.
_vidfer_command() {{
  if [ -n "$(_vidfer_options "$1 $2")" ]; then echo "$1 $2"; else echo "$1"; fi
}}
"""

_BASH = """\
_vidfer() {
  local words=("${COMP_WORDS[@]:1:COMP_CWORD}") cur="${COMP_WORDS[COMP_CWORD]}"
  local at=$((COMP_CWORD - 1)) command takes list i choices=""
  COMPREPLY=()
  if [ "${words[0]}" = help ] && [ "$at" -gt 0 ]; then words=("${words[@]:1}"); at=$((at - 1)); fi
  if [ "$at" -eq 0 ]; then
    COMPREPLY=($(compgen -W "$(_vidfer_first)" -- "$cur"))
    return
  fi
  if [ "$at" -eq 1 ] && [ "${cur#-}" = "$cur" ]; then
    COMPREPLY=($(compgen -W "$(_vidfer_second "${words[0]}")" -- "$cur"))
    [ "${#COMPREPLY[@]}" -gt 0 ] && return
  fi
  command=$(_vidfer_command "${words[0]}" "${words[1]}")
  if [ "${cur#-}" != "$cur" ]; then
    COMPREPLY=($(compgen -W "$(_vidfer_options "$command") --help" -- "$cur"))
    return
  fi
  for ((i = at - 1; i > 0; i--)); do
    [ "${words[i]#--}" != "${words[i]}" ] && break
  done
  takes=$([ "$i" -gt 0 ] && _vidfer_takes "$command ${words[i]}")
  list="${takes#... }"
  if [ -z "$list" ] || [ "$list" = flag ] || { [ "$list" = "$takes" ] && [ "$i" -lt $((at - 1)) ]; }; then
    takes=$(_vidfer_takes "$command ")
    list="${takes#... }"
  fi
  if [ "$list" = path ]; then
    compopt -o filenames 2>/dev/null
    local IFS=$'\\n'
    COMPREPLY=($(compgen -f -- "$cur"))
  elif [ "$list" != any ]; then
    COMPREPLY=($(compgen -W "$list" -- "$cur"))
  fi
}
complete -F _vidfer vidfer
"""

_ZSH = """\
_vidfer() {
  local cur="${words[CURRENT]}" command takes list
  local -a before
  before=("${(@)words[2,CURRENT-1]}")
  [[ "${before[1]}" = help ]] && before=("${(@)before[2,-1]}")
  local -i at=${#before} i
  if (( at == 0 )); then
    compadd -- $(_vidfer_first)
    return
  fi
  if (( at == 1 )) && [[ "$cur" != -* ]]; then
    takes=$(_vidfer_second "${before[1]}")
    if [[ -n "$takes" ]]; then compadd -- ${=takes}; return; fi
  fi
  command=$(_vidfer_command "${before[1]}" "${before[2]}")
  if [[ "$cur" = -* ]]; then
    compadd -- $(_vidfer_options "$command") --help
    return
  fi
  takes=""
  for (( i = at; i > 1; i-- )); do
    if [[ "${before[i]}" = --* ]]; then takes=$(_vidfer_takes "$command ${before[i]}"); break; fi
  done
  list="${takes#... }"
  if [[ -z "$list" || "$list" = flag ]] || { [[ "$list" = "$takes" ]] && (( i < at )); }; then
    takes=$(_vidfer_takes "$command ")
    list="${takes#... }"
  fi
  if [[ "$list" = path ]]; then
    _files
  elif [[ -n "$list" && "$list" != any ]]; then
    compadd -- ${=list}
  fi
}
if [ "$funcstack[1]" = "_vidfer" ]; then _vidfer "$@"; else compdef _vidfer vidfer; fi
"""

_FISH = """\
# Completion of vidfer, made by `vidfer completion fish`.
function __vidfer_words
  set -l words (commandline -opc)[2..-1]
  if test "$words[1]" = help
    set -e words[1]
  end
  string match -v -- '-*' $words
end
function __vidfer_at
  set -l words (__vidfer_words)
  test (count $words) -eq $argv[1]; and test "$argv[2..-1]" = "$words"
end
function __vidfer_is
  set -l words (__vidfer_words)
  if contains -- "$words[1] $words[2]" $__vidfer_pairs
    test "$words[1] $words[2]" = "$argv"
  else
    test "$words[1]" = "$argv"
  end
end
"""


def bash_script(rows: list[Row]) -> str:
    """For ~/.bashrc, also of the bash 3.2 of macOS."""
    return _words(rows, "bash") + _BASH


def zsh_script(rows: list[Row]) -> str:
    """For a file ``_vidfer`` in the fpath, or for ~/.zshrc behind compinit."""
    return "#compdef vidfer\n" + _words(rows, "zsh") + _ZSH


def fish_script(rows: list[Row]) -> str:
    """For ~/.config/fish/completions/vidfer.fish."""
    return _FISH + "\n".join(_fish_lines(rows)) + "\n"


SCRIPTS: dict[str, Callable[[list[Row]], str]] = {
    "bash": bash_script,
    "zsh": zsh_script,
    "fish": fish_script,
}
"""For each shell what writes its script."""


def _words(rows: list[Row], shell: str) -> str:
    """The words as functions that bash and zsh understand."""
    commands = commands_of(rows)
    options = {
        name: " ".join(row.option for row in rows if row.command == name and row.option) for name in commands
    }
    by_takes: dict[str, list[str]] = {}
    for row in rows:
        takes = f"{'... ' * row.many}{' '.join(row.values) or row.takes}"
        by_takes.setdefault(takes, []).append(f'"{row.command} {row.option}"')
    return _WORDS.format(
        shell=shell,
        first=" ".join(_first(commands)),
        second=_cases({f'"{one}"': " ".join(names) for one, names in _second(commands).items()}),
        options=_cases({f'"{name}"': f"{found} --help" for name, found in options.items()}),
        takes=_cases({"|".join(names): takes for takes, names in by_takes.items()}),
    )


def _cases(cases: dict[str, str]) -> str:
    return "\n".join(f'    {pattern}) echo "{text}" ;;' for pattern, text in cases.items())


def _first(commands: list[str]) -> list[str]:
    return list(dict.fromkeys(name.partition(" ")[0] for name in commands))


def _second(commands: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in commands:
        first, _, second = name.partition(" ")
        if second:
            found.setdefault(first, []).append(second)
    return found


def _fish_lines(rows: list[Row]) -> Iterator[str]:
    commands = commands_of(rows)
    pairs = " ".join(f"'{name}'" for name in commands if " " in name)
    yield f"set -g __vidfer_pairs {pairs}"
    yield "complete -c vidfer -f"
    yield f"complete -c vidfer -n '__vidfer_at 0' -a '{' '.join(_first(commands))} help'"
    for first, names in _second(commands).items():
        yield f"complete -c vidfer -n '__vidfer_at 1 {first}' -a '{' '.join(names)}'"
    for row in rows:
        takes = {FLAG: "", PATH: " -r -F"}.get(row.takes, f" -x -a '{' '.join(row.values)}'")
        if row.option:
            yield f"complete -c vidfer -n '__vidfer_is {row.command}' -l {row.option[2:]}{takes}"
        elif row.takes == PATH:
            yield f"complete -c vidfer -n '__vidfer_is {row.command}' -F"
        elif row.values:
            yield f"complete -c vidfer -n '__vidfer_is {row.command}' -a '{' '.join(row.values)}'"
