"""The docker command: its lines, and its words, mapped once.

Each line goes to where the engine is: on the host itself, or through docker-machine's ssh.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Optional

from ..facts.engine import EngineRefusal, Refusal
from ..facts.machine import Tls, Trust
from ..remote.command import quote
from ..remote.perl import program

DIAL = "exec docker system dial-stdio"
"""Connects its input and output to the engine (decision: dial-stdio)."""
DOWN = re.compile("docker[.]sock: connect: (no such file|connection refused)")
"""dockerd does not run where the docker command is."""
DENIED = re.compile("permission denied|sudo")
"""Only root may use it, or sudo refuses."""
MOVED = re.compile("certificate is valid for .{0,300}, not ")
"""The engine has another address than its certificate."""
REFUSED = re.compile("certificate|x509|tls:|[.]pem: no such file")
UNREACHABLE = re.compile(
    "refused|time.?out|timed out|in time|deadline|no route|unreachable|host is down|reset|EOF|cannot connect",
    re.IGNORECASE,
)
ENDED_WITH_INPUT = (
    'exec 3<&0; sh -c "$0" </dev/null 3<&- & p=$!; { read -r x <&3; kill $p; } >/dev/null 2>&1 & '
    "wait $p; r=$?; kill $! 2>/dev/null; exit $r"
)
"""Runs the line that sh is told, and ends it when there is no more input. `read` is no process of its own."""
STORED = "docker info --format '{{if eq .Driver \"overlay2\"}}{{.DockerRootDir}}{{end}}' 2>/dev/null"
"""Asks where the layers are. Other drivers may have them elsewhere, as the containerd store does."""
FLUSH = (
    f'{{ d=$({STORED}); [ -d "$d" ] && {{ sync -f "$d" || sync -f "$(df -P "$d" | sed -n \'$s/.* //p\')"; }} '
    "2>/dev/null || sync; }"
)
"""Has what was loaded on the disk. Who may not open Docker's folder names its file system by where that is mounted."""
UNFIT = re.compile("not found|is too (new|old)")
"""There is no docker command, or it does not speak to boot2docker's Docker 19.03 (field book: docker-machine, 9)."""


def dial() -> str:
    """The same on the host itself, where the docker command may be spared (engine.pl)."""
    return f"exec perl -e {quote(program(__package__, 'engine.pl'))} dial"


def stop(name: str, *, draining: bool, auto_remove: bool) -> str:
    """Runbook: `docker stop osprey-service`; and wait until `--rm` removed it, for the name is taken until then.

    draining: it may have ended by itself meanwhile.
    """
    line = f"docker stop {name}"
    if draining:
        line = f"{{ {line} || ! {_there(name)}; }}"
    return f"{line} && while {_there(name)}; do sleep 0.2; done" if auto_remove else line


def remove(name: str) -> str:
    """Remove a container that does not run, and wait until it is gone."""
    return f"docker rm {name}; while {_there(name)}; do sleep 0.2; done"


def logs(name: str) -> str:
    """The last words of a container."""
    return f"docker logs --tail 1000 {name}"


def unpause(name: str) -> str:
    """Have a paused container go on; whoever paused it, as `docker commit` does, may have done that meanwhile."""
    paused = f"docker container inspect --format '{{{{.State.Paused}}}}' {name}"
    return f'docker unpause {name} || [ "$({paused})" = false ]'


def rename(names: Mapping[str, str]) -> str:
    """Give containers other names, in that order; they and their connections go on."""
    return " && ".join(f"docker rename {old} {new}" for old, new in names.items())


def drain(name: str, draining: str) -> str:
    """Rename a container, and have its proxy close idle connections, finish its requests and end the container.

    Stopping the container ends Java first, and with it the requests of that moment over kept connections.
    One that ends at once may take along the shell that told it so; its exit status is then no failure.
    """
    close = f"docker exec {draining} sh -c {quote('kill -TERM $(pidof caddy)')}"
    ends = f"for s in 0.1 0.2 0.4 0.8 1.5; do docker top {draining} >/dev/null 2>&1 || exit 0; sleep $s; done; exit 1"
    return f"docker rename {name} {draining} && {{ {close} || {{ {ends}; }}; }}"


def shell(container: str) -> str:
    """A shell in a container, on a terminal: bash, or sh where that is missing."""
    return f"docker exec -it {container} sh -c {quote('if command -v bash >/dev/null; then exec bash; fi; exec sh')}"


def execute(container: str, line: str) -> str:
    """Run a line in a container; it ends when the input does.

    The docker command that is ended leaves what it ran behind. So the input is kept open, and its end is a signal.
    """
    return f"docker exec -i {container} sh -c {quote(ENDED_WITH_INPUT)} {quote(line)}"


def load(image: str = "") -> str:
    """Load an image from the input, and have it on the disk before it counts.

    A power cut leaves layers half written; Docker takes them for whole ever after. image: whose id is printed, too;
    then only the file system is waited for that has them, where that can be told: others may be writing.
    """
    if not image:
        return "docker load && sync"
    return f"docker load && {FLUSH} && {{ docker image inspect --format 'id {{{{.Id}}}}' {quote(image)} || true; }}"


def name_image(digest: str, name: str) -> str:
    """Give an image a name."""
    return f"docker image tag {quote(digest)} {quote(name)}"


def remove_image(name: str) -> str:
    """Remove a name, and the image with its last one."""
    return f"docker image rm {quote(name)}"


def version() -> str:
    """The version of the engine that the docker command reaches."""
    return "docker version --format '{{.Server.Version}}'"


def versions() -> str:
    """The version of that engine, and the newest one of its API."""
    return "docker version --format '{{.Server.Version}} {{.Server.APIVersion}}'"


def loaded(printed: str) -> list[str]:
    """The names of the images that `docker load` printed."""
    return re.findall(r"^Loaded image: (\S+)", printed, re.MULTILINE)


def loaded_id(printed: str) -> Optional[str]:
    """The digest of the image that was loaded; None when nothing was."""
    found = re.search(r"^id (sha256:[0-9a-f]{64})$", printed, re.MULTILINE)
    return found[1] if found else None


def root_disk() -> str:
    """How full the disk is that Docker has its images on; nothing where that is another computer, or nobody may ask."""
    asked = f"perl -e {quote(program(__package__, 'engine.pl'))} root 2>/dev/null"
    return f'case ${{DOCKER_HOST:-unix}} in unix*) d=$({asked}) && df -Pk "$d" | tail -n 1;; esac'


def refusal(said: str) -> EngineRefusal:
    """Why Docker could not be asked, from its own words, or sudo's, wherever in the text they are."""
    lines = said.splitlines() or [""]
    for words, kind in ((DOWN, Refusal.DOWN), (DENIED, Refusal.DENIED)):
        if telling := next((line for line in lines if words.search(line)), None):
            return EngineRefusal(telling, kind)
    return EngineRefusal(lines[0])


def tls(said: str) -> Tls:
    """Why `docker version` on the host could not use the engine in the VM, from its last line."""
    known = {UNFIT: Trust.UNFIT, MOVED: Trust.MOVED, REFUSED: Trust.REFUSED, UNREACHABLE: Trust.UNREACHABLE}
    return Tls(next((trust for words, trust in known.items() if words.search(said)), Trust.UNKNOWN), said)


def _there(name: str) -> str:
    return f"docker container inspect {name} >/dev/null 2>&1"
