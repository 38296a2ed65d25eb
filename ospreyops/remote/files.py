"""Where a host keeps what it remembers: in `.ospreyops`, in the service's folder.

A home may be shared between hosts. The first host that changes something claims `.ospreyops`: it writes its id into the
file `host` there. Each other host has a folder of its own in it, named by its id. What an older version of this tool
left has no `host`, and belongs to the host that claims it.
"""

from __future__ import annotations

from ..settings import FILES
from .command import quote
from .perl import program

ID = (
    "i=$(uname -n); if [ -r /etc/machine-id ]; then read -r m </etc/machine-id; i=$i-$m; "
    "elif m=$(ioreg -rd1 -c IOPlatformExpertDevice 2>/dev/null | sed -n '/IOPlatformUUID/s/.*= \"\\(.*\\)\"/\\1/p') "
    '&& [ "$m" ]; then i=mac-$m; fi; '
)
"""Sets i to the host's id. A Mac changes its name with its network, so its hardware's number stands alone."""
FIND = f'if [ -e "$d/host" ]; then {ID}o=; read -r o <"$d/host"; [ "$o" = "$i" ] || d=$d/$i; fi; '
SYNC = quote(program("ospreyops.remote", "sync.pl"))
CLAIM = (
    f'mkdir -p "$d" && if [ ! -e "$d/host" ]; then {ID}n=$d/host.$i.$$; echo "$i" >"$n" && perl -e {SYNC} "$n" '
    '&& ln "$n" "$d/host"; rm -f "$n"; fi 2>/dev/null; '
)
"""A link is made whole or not at all, also on a network file system; of two hosts one makes it.

Each task writes a file of its own: one that another task writes anew is empty for a moment, and then it names no host.
"""


def quoted(folder: str) -> str:
    """The state's folder as a shell word. folder: the service's."""
    return quote(f"{folder}/{FILES}")


def found(folder: str) -> str:
    """Shell that sets d to the host's own folder, which need not be there."""
    return f"d={quoted(folder)}; {FIND}"


def claimed(folder: str) -> str:
    """Shell that makes the host's own folder, which is d, and `.ospreyops` this host's, if it is nobody's yet.

    Nobody but the service's owner enters it: whoever may open a lock may hold it. An older version let others in.
    """
    made = f"umask 022; mkdir -p {quote(folder)} && umask 077; d={quoted(folder)}; {CLAIM}"
    return f'{made}chmod 700 "$d" 2>/dev/null; {FIND}mkdir -p "$d" && '
