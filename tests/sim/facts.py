"""Any facts of a host, as hypothesis draws them, whether a look could show them or not."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from ospreyops.facts import Facts
from ospreyops.facts.engine import Container, EngineFacts, EngineRefusal, Image, Refusal
from ospreyops.facts.host import Desired, HostFacts, Listener, Unit
from ospreyops.facts.machine import (
    Contact,
    MachineFacts,
    Process,
    Record,
    Reply,
    Rule,
    State,
    Tls,
    Trust,
    VmFacts,
)
from ospreyops.facts.programs import NEEDED
from ospreyops.facts.route import Route
from ospreyops.facts.service import ProbeResult, Problem, Symptom, Way
from ospreyops.settings import Settings
from ospreyops.target import Target, target
from tests.sim.answers import EPOCH
from tests.sim.states import VERSIONS, containers

VM, OTHER = "osprey-service", "osprey-service-2"
LINES = [
    f"/x/VBoxHeadless --comment {VM} --startvm y",
    f"/x/VBoxHeadless --comment {OTHER} --startvm y",
    "/x/VBoxSVC --auto-shutdown",
    "docker-machine ls",
    f"docker-machine status {VM}",
    f"docker-machine ssh {VM}",
    "docker-machine",
    f"docker-machine create {OTHER}",
    f"VBoxManage showvminfo {VM} --machinereadable",
    "VBoxManage list vms",
    "vim docker-machine.md",
]
PROCESSES = st.builds(
    Process,
    pid=st.integers(2, 50),
    group=st.integers(2, 20),
    age=st.sampled_from([1, 119, 120, 899, 900, 9000]),
    line=st.sampled_from(LINES),
)
RULES = [
    Rule("ssh", "tcp", "127.0.0.1", 50022, "", 22),
    Rule("tcp-port44342", "tcp", "", 44342, "", 44342),
    Rule("other", "tcp", "", 44342, "", 8080),
]
PROBLEMS = st.sampled_from([None, *(Problem(symptom.value, symptom) for symptom in Symptom)])
PROBES = st.builds(
    ProbeResult,
    where=st.just("https://localhost:44342"),
    about=st.sampled_from([None, "Osprey service running! Supported service versions: v0.3"]),
    error=PROBLEMS,
    desktop=st.dictionaries(st.sampled_from(VERSIONS), PROBLEMS),
)
MAYBE_PROBE = st.none() | PROBES
PUBLISHED = "! -i docker0 -p tcp -m tcp --dport 24343 -j DNAT --to-destination 172.17.0.3:24343"
ROUTES = st.tuples(
    *(
        st.builds(
            Route,
            st.just(family),
            used=st.booleans(),
            refused=st.sampled_from([None, None, "no such table"]),
            published=st.sampled_from([{}, {24343: PUBLISHED}]),
            loopback=st.booleans(),
            guarded=st.booleans(),
        )
        for family in ("IPv4", "IPv6")
    )
)
WAYS = st.lists(
    st.builds(
        Way,
        st.sampled_from(["https://10.0.0.7:44342", "https://[fd00::7]:44342"]),
        st.sampled_from([None, "Osprey service running! Supported service versions: v0.3"]),
        st.sampled_from([None, 24343]),
        st.sampled_from([None, "Osprey service running! Supported service versions: v0.3"]),
    ),
    max_size=2,
).map(tuple)
OUTSIDE = st.lists(PROBES, max_size=2).map(tuple)
VMS = st.builds(
    VmFacts,
    rules=st.none() | st.lists(st.sampled_from(RULES), unique=True).map(tuple),
    clock_behind=st.sampled_from([None, 0.0, 90.0]),
    disk_free=st.sampled_from([None, 1_000, 10**11]),
    address=st.sampled_from([None, "192.168.99.101"]),
    tls=st.none() | st.builds(Tls, st.sampled_from(Trust), st.sampled_from(["", "words"])),
    process=st.none() | PROCESSES,
    making=st.none() | PROCESSES,
    calls=st.lists(PROCESSES, max_size=6).map(tuple),
    unfinished=st.booleans(),
    unregistered=st.sampled_from([None, "/x/osprey-service.vbox", "/x/osprey-service.vbox-prev", "/x"]),
    reply=st.sampled_from(Reply),
    contact=st.sampled_from([Contact.ANSWERED, *Contact]),
    record=st.none() | st.builds(Record, st.sampled_from([0, 50022]), st.sampled_from([None, "192.168.99.101"])),
    files=st.booleans(),
    other_ca=st.booleans(),
)
UNITS = st.builds(
    Unit,
    state=st.sampled_from(["active", "inactive", "failed"]),
    path=st.just("/etc/systemd/system/osprey.service"),
    folder=st.just("/home/ops/osprey/0.3"),
    version=st.sampled_from([*VERSIONS, ""]),
)
IMAGES = {f"osprey/service:{version}": f"sha256:{version}" for version in VERSIONS}


@st.composite
def engines(draw: st.DrawFn) -> EngineFacts:
    """What Docker may have."""
    found = draw(containers())
    counted = [replace(one, connections=draw(st.sampled_from([None, 0, 2]))) for one in found]
    service = next((one for one in counted if one.name == "osprey-service"), None)
    others = tuple(one for one in counted if one is not service)
    names = draw(st.sets(st.sampled_from(sorted(IMAGES))))
    images = {name: Image(name, _digest(counted, name), 1, 1) for name in names}
    return EngineFacts(draw(st.booleans()), images, service, others)


def _digest(found: list[Container], name: str) -> str:
    return next((one.digest for one in found if one.image == name), IMAGES[name])


HOSTS = st.builds(
    HostFacts,
    name=st.just("sim"),
    user=st.just("ops"),
    system=st.just("Linux"),
    home=st.just("/home/ops"),
    folder=st.just("/home/ops/osprey"),
    now=st.just(float(EPOCH)),
    disk_free=st.sampled_from([1_000, 10**11]),
    tools=st.sampled_from([frozenset(NEEDED), frozenset(), frozenset({*NEEDED} - {"curl"})]),
    unpacked=st.sampled_from([{}, {"0.3": "/home/ops/osprey/0.3"}]),
    archives=st.just({version: (f"/archive/{version}", 1) for version in VERSIONS}),
    unit=st.none() | UNITS,
    listener=st.sampled_from([None, Listener("VBoxHeadl", 7), Listener("nc", 9)]),
    desired=st.none() | st.builds(Desired, st.sampled_from(VERSIONS)),
    sleeps_after=st.sampled_from([None, 1]),
)


ANY_STATE = st.sampled_from([State.RUNNING, State.RUNNING, State.RUNNING, *State])


@st.composite
def any_facts(draw: st.DrawFn, states: st.SearchStrategy[State] = ANY_STATE) -> tuple[Facts, Target]:
    """Any facts of a server or of a Mac, and the target that they are of."""
    kind = draw(st.sampled_from(["native", "virtualbox"]))
    machine = MachineFacts(
        kind,
        draw(states),
        draw(st.sampled_from([None, "VBoxManage does not answer"])),
        draw(VMS) if kind == "virtualbox" else None,
        draw(st.sampled_from([None, 44342, 24343, 9])),
        draw(st.sampled_from([None, 10**10])),
        routes=draw(ROUTES),
    )
    engine = draw(st.none() | engines())
    refusal = None if engine else EngineRefusal("words", draw(st.sampled_from(Refusal)))
    host = draw(HOSTS)
    facts = Facts(host, machine, engine, draw(PROBES), draw(OUTSIDE), refusal, draw(MAYBE_PROBE))
    facts = replace(facts, ways=draw(WAYS), standby_outside=draw(OUTSIDE))
    return facts, target(replace(Settings("sim"), machine=kind))
