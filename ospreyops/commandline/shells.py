"""What a shell is told, so that a TAB asks this tool: Invoke's own scripts leave `inv` out in fish, and fail in zsh."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import Usage
from ..text import either

BASH = """\
_{function}() {{
    local IFS=$'\\n'
    COMPREPLY=($(compgen -W "$("$1" --complete -- "${{COMP_WORDS[@]:0:COMP_CWORD+1}}" 2>/dev/null)" -- "$2"))
}}
complete -o default -F _{function} {names}
"""
ZSH = """\
(( $+functions[compdef] )) || {{ autoload -Uz compinit && compinit -i -D; }}
_{function}() {{
    local -a found
    found=(${{(f)"$($words[1] --complete -- "${{(@)words[1,CURRENT]}}" 2>/dev/null)"}})
    if (( $#found )); then compadd -a found; else _files; fi
}}
compdef _{function} {names}
"""
FISH = """\
function __{function}
    set -l words (commandline -opc) (commandline -ct)
    set -l found ($words[1] --complete -- $words 2>/dev/null)
    if set -q found[1]
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
for name in {names}
    complete --command $name --no-files --arguments '(__{function})'
end
"""
SHELLS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def script(words: Sequence[str], names: Sequence[str]) -> str:
    """What the shell of that name is to read. names: of this program. Errors: Usage."""
    if len(words) != 1 or words[0] not in SHELLS:
        raise Usage(f"which shell? {names[-1]} completion {either(list(SHELLS))}")
    return SHELLS[words[0]].format(function=f"complete_{names[0]}", names=" ".join(names))
