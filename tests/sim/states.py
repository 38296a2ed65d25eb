"""Any state of a simulated host, as hypothesis draws it: the combinations that nobody thinks of."""

from __future__ import annotations

from hypothesis import strategies as st

from ospreyops.facts.engine import Container
from ospreyops.goals.rollout import Rollout
from ospreyops.release import parse
from tests.sim.answers import EPOCH
from tests.sim.host import SimHost
from tests.sim.mac import SimMac
from tests.worlds import RULE

VERSIONS = ("0.3", "0.4")
LONG_AGO = "2026-01-01T00:00:00"


def digest(version: str) -> str:
    """The digest of a release's image, as the simulated hosts load it."""
    return f"sha256:{(version.replace('.', '') * 32)[:64]}"


STATES = st.sampled_from(["running", "running", "running", "created", "exited", "paused", "dead"])
ACTIVE = st.sampled_from([44342, 44342, 24343, 24344, 9, None])


@st.composite
def containers(draw: st.DrawFn, *, most: int = 3) -> list[Container]:
    """Up to three containers at ports of their own, whose names are what the tool gives, or docker run."""
    ports = draw(st.lists(st.sampled_from([44342, 24343, 24344]), max_size=most, unique=True))
    named = draw(st.sampled_from([None, *ports]))
    return [draw(container(f"c-{port}", port, named=port == named)) for port in ports]


@st.composite
def container(draw: st.DrawFn, ident: str, port: int, *, named: bool) -> Container:
    """A container at that port, with the service's name or another."""
    version, state = draw(st.sampled_from(VERSIONS)), draw(STATES)
    since = draw(st.sampled_from([EPOCH - 7200, EPOCH - 10]))
    other = draw(st.sampled_from([f"osprey-service-{port}", f"osprey-service-left-{since}-{port}"]))
    built = draw(st.sampled_from([digest(version), digest(version), "sha256:0e"]))
    jobs = draw(st.sampled_from([(), (), ("sander",)])) if state in ("running", "paused") else ()
    name = "osprey-service" if named else other
    removes = draw(st.booleans()) or state == "running"
    return Container(ident, f"osprey/service:{version}", built, state, LONG_AGO, port, jobs, removes, name)


@st.composite
def hosts(draw: st.DrawFn) -> SimHost:
    """A server in any state."""
    here = draw(containers())
    service = next((one for one in here if one.name == "osprey-service"), None)
    host = SimHost(
        service=service,
        others=[one for one in here if one is not service],
        active_port=draw(ACTIVE),
        images={f"osprey/service:{version}": digest(version) for version in draw(st.sets(st.sampled_from(VERSIONS)))},
        unpacked=draw(st.sets(st.sampled_from(VERSIONS))),
        archives=draw(st.sampled_from([set(), {"0.3", "0.4"}]).map(set)),
        loading=draw(st.sampled_from([set(), {"0.4"}]).map(set)),
        decoded=draw(st.sampled_from([[], ["0.4"], ["0.2", "0.3"]]).map(list)),
        desired=draw(st.sampled_from(["", *VERSIONS])),
        memory_free=draw(st.sampled_from([10**9, 10**10])),
        taken_ports=draw(st.sampled_from([(), (24343,), tuple(range(24343, 25343))])),
        ended=draw(st.sampled_from([None, 0, 125])),
        log_size=draw(st.sampled_from([0, 20, 60_000_000])),
        engine_why=draw(st.sampled_from(["", "", "", "permission denied"])),
        sudo=draw(st.booleans()),
        exits=draw(st.sampled_from([None, None, 125])),
        fails=draw(st.sampled_from(["$^", "$^", "docker", "."])),
    )
    bad = draw(st.sampled_from(["", *VERSIONS]))
    host.healthy = lambda one: one.version != bad
    host.listener = "docker-proxy" if host.behind(44342) else draw(st.sampled_from(["", "nginx"]))
    host.unit = draw(st.sampled_from(["", "", *VERSIONS])) if not host.others else ""
    host.unit_state = draw(st.sampled_from(["active", "inactive", "activating"])) if host.unit else "inactive"
    return host


MACS = st.builds(
    SimMac,
    vm=st.sampled_from(["running", "paused", "saved", "poweroff", "aborted", "gurumeditation", "stopping", ""]),
    hung=st.booleans(),
    by_sleep=st.booleans(),
    clock_behind=st.sampled_from([0, 4, 90, -90, 1e8]),
    tls=st.sampled_from(
        ["", "remote error: tls: bad certificate", "x509: certificate is valid for A, not B", "timeout", "not found"]
    ),
    store=st.sampled_from(["", "", "there\n12\tdisk.vmdk\nconfig.json:\n"]),
    rules=st.lists(st.sampled_from(["ssh,tcp,127.0.0.1,50022,,22", RULE, "x,tcp,,44342,,1"]), unique=True),
    taken=st.sampled_from(["", "nc 99"]),
    desired=st.sampled_from(["", *VERSIONS]),
    images=st.sampled_from([{}, {"osprey/service:0.3": "sha256:03"}]).map(dict),
    unpacked=st.sampled_from([set(), {"0.3"}]).map(set),
    archives=st.sampled_from([set(), {"0.3", "0.4"}]).map(set),
    disk_free=st.sampled_from([1_000, 10**11]),
    pmset=st.sampled_from(["", " sleep 1\n"]),
    fails=st.sampled_from(["$^", "docker-machine", "VBoxManage", "."]),
)
"""A Mac in any state, without a container."""


def with_service(mac: SimMac) -> SimMac:
    """The same Mac, where 0.3 runs if it can."""
    if "osprey/service:0.3" in mac.images and mac.vm == "running":
        mac.start("0.3")
    return mac


ANY_HOST: st.SearchStrategy[SimHost] = hosts() | MACS.map(with_service)
ROLLOUTS = st.builds(
    Rollout,
    release=st.sampled_from([None, *map(parse, VERSIONS)]),
    stop_first=st.booleans(),
    drain=st.sampled_from([0, 60, 3600]),
    wait=st.booleans(),
    replacing=st.sampled_from([None, None, "c-44342", "c-24343", "c1"]),
)
"""Every way of bringing a release to serve, or none."""
