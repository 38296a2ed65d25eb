"""From any combination of facts a task ends soon, at its goal or with a clear error; a healthy service lives on."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ospreyops.faults import registry
from tests.sim.mac import SimMac
from tests.worlds import RULE, Sim

MACS = st.builds(
    SimMac,
    vm=st.sampled_from(["running", "paused", "saved", "poweroff", "aborted", "gurumeditation", "stopping", ""]),
    hung=st.booleans(),
    by_sleep=st.booleans(),
    clock_behind=st.sampled_from([0, 4, 90, -90, 1e8]),
    tls=st.sampled_from(
        ["", "remote error: tls: bad certificate", "x509: certificate is valid for A, not B", "timeout", "not found"]
    ),
    store=st.sampled_from(["", "", "there\n12\tdisk.vmdk\n"]),
    rules=st.lists(st.sampled_from(["ssh,tcp,127.0.0.1,50022,,22", RULE, "x,tcp,,44342,,1"]), unique=True),
    taken=st.sampled_from(["", "nc 99"]),
    desired=st.sampled_from(["", "0.3", "0.4"]),
    images=st.sampled_from([{}, {"osprey/service:0.3": "sha256:03"}]),
    unpacked=st.sampled_from([set(), {"0.3"}]).map(set),
    archives=st.sampled_from([set(), {"0.3", "0.4"}]).map(set),
    disk_free=st.sampled_from([1_000, 10**11]),
    pmset=st.sampled_from(["", " sleep 1\n"]),
    fails=st.sampled_from(["$^", "docker-machine", "VBoxManage", "."]),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mac=MACS, line=st.sampled_from(["heal", "deploy --version 0.3", *(f"fix.{fault.name}" for fault in registry())]))
def test_from_any_state_a_task_ends_at_its_goal_or_with_a_clear_error_in_few_looks(
    sim: Sim, mac: SimMac, line: str
) -> None:
    if "osprey/service:0.3" in mac.images and mac.vm == "running":
        mac.start("0.3")
    ran = sim(f"{line} -H sim", mac)
    assert ran.code in (0, 1, 2, 3, 5), ran.said
    assert "Traceback" not in ran.said
    assert mac.looks < 200
    if ran.code == 0:
        assert "nothing to do" in sim(f"{line} -H sim", mac).out


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mac=MACS, line=st.sampled_from(["heal", "deploy --version 0.3"]))
def test_a_healthy_service_survives_whatever_else_is_seen(sim: Sim, mac: SimMac, line: str) -> None:
    mac.vm, mac.hung, mac.taken, mac.desired, mac.fails = "running", False, "", "0.3", "$^"
    mac.rules, mac.unpacked = ["ssh,tcp,127.0.0.1,50022,,22", RULE], {"0.3"}
    mac.images = {"osprey/service:0.3": "sha256:03"}
    mac.start("0.3")
    service = mac.service
    ran = sim(f"{line} -H sim", mac)
    assert ran.code == 0, ran.said
    assert mac.service is service
