"""The lines that change a simulated host, and what each comes to."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Callable

if TYPE_CHECKING:
    from tests.sim.host import SimHost

NAME = r"(osprey-service(?:-left-\d+)?(?:-\d+)?)"
WANTED = r"mv -f \S+/wanted\.new \S+/wanted$"
RECORD = rf"^umask 077 && .*\"version\": \"([0-9.]+)\".*\"digest\": \"(\S*)\".* && {WANTED}"
DISCARD = r"^cd \S+ && \[ ! -h ([0-9.]+) \] && \( cd \1 && .* \) && rm -rf \1$"
DRAIN = r"docker rename (\S+) (\S+) && \{ docker exec \2 sh -c .*kill -TERM \$\(pidof caddy\)"
EXTRACT = r"tar -xof .*echo sha256:(\w+) (?:.*echo base:([0-9.]+) )?.*&& mv \S+ ([0-9.]+)$"
BEGUN = r"^umask 077 && .*\.ospreyops .* : >loading-([0-9.]+); } && perl -e '.*' loading-\1$"


def there(host: SimHost, name: str) -> bool:
    """Whether the container is there, for lines that want it gone, and no more."""
    return name in {one.name for one in host.containers}


def unpause(host: SimHost, name: str) -> None:
    """What `docker unpause` comes to."""
    on = {one.name: replace(one, state="running") if one.name == name else one for one in host.containers}
    host.service, host.others = on.pop("osprey-service", None), list(on.values())


CHANGES: dict[str, Callable[..., object]] = {
    RECORD: lambda host, version, digest: host.record(version, digest),
    DISCARD: lambda host, version: host.discard(version),
    r"^printf '%s.n' (.*) >>\S+/\.ospreyops/loaded$": lambda host, rows: host.remember(rows),
    r"docker image tag (\S+) (osprey/service:[0-9.]+)": lambda host, digest, name: host.images.update({name: digest}),
    r"^rm -f \S+/\.ospreyops/wanted$": lambda host: host.record(),
    BEGUN: lambda host, version: host.loading.add(version),
    r"^rm -f \S+/\.ospreyops/loading-([0-9.]+)$": lambda host, version: host.loading.discard(version),
    r"gzip -c \S+\.log >\S+ && mv -f \S+ \S+\.log\.1\.gz && : >\S+\.log$": lambda host: setattr(host, "log_size", 0),
    r"osprey-service --version ([0-9.]+) >>": lambda host, version: host.start(version),
    r"osprey-service --version ([0-9.]+) --port (\d+) >>": lambda host, version, port: host.start(version, port),
    rf"\{{ docker stop {NAME} \|\| !": lambda host, name: there(host, name) and host.stop(name),
    rf"docker stop {NAME}\b": lambda host, name: host.stop(name),
    rf"docker unpause {NAME}\b": unpause,
    DRAIN: lambda host, old, new: host.drain(old, new),
    r"docker rename (\S+) ([^\s']+)(?: && docker rename (\S+) ([^\s']+))?": lambda host, *names: host.rename(*names),
    r"--to-ports (\d+)": lambda host, port: host.switch_traffic(port),
    r"--ctstate INVALID -j RETURN": lambda host: host.switch_traffic("44342"),
    r"docker image rm (\S+?)'?$": lambda host, name: host.forget(name),
    rf"docker rm {NAME};": lambda host, name: there(host, name) and host.remove(name),
    r"^cd \S+/\.decoded && rm -f ([0-9.]+)_\*$": lambda host, version: host.decoded.remove(version),
    r"/\.decoded \S+osprey-service-docker-([0-9.]+)\.tar\.bz2.*docker load": lambda host, version: host.keep(version),
    r"/([0-9.]+)/layers\.tar\.bz2.*docker load": lambda host, version: host.load_part(version),
    r"osprey-service-docker-([0-9.]+)\.tar\.bz2.*docker load": lambda host, version: host.load(version),
    EXTRACT: lambda host, digest, base, version: host.extract(version, digest, base or ""),
    r"^rm -rf \S+/\.[0-9.]+\.part$": lambda host: None,
    r"mv -f (osprey-service(?:-\d+)?\.log) osprey-service(?:-\d+)?\.log\.1": lambda host, log: host.logs.discard(log),
    r"ln -f (osprey-service\S*\.log) osprey-service-failed-([0-9.]+)\.log$": lambda host, _, version: (
        host.failed_logs.add(version)
    ),
    r"systemctl start osprey$": lambda host: host.start_unit(),
    r"systemctl stop osprey$": lambda host: host.stop_unit(),
    r"ExecStart=\S+ --version ([0-9.]+)\|": lambda host, version: setattr(host, "unit", version),
}
"""A pattern of a line -> what it does to the host, given the pattern's groups; the first that fits counts."""


def change(host: SimHost, line: str) -> str:
    """Change the host as the line would; what the line prints."""
    for pattern, act in CHANGES.items():
        if found := re.search(pattern, line):
            said = act(host, *found.groups())
            return said if isinstance(said, str) else ""
    raise AssertionError(f"the simulated host does not know this line: {line}")
