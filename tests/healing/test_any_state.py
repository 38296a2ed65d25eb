"""From any combination of facts a task ends soon, at its goal or with a clear error; a healthy service lives on."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ospreyops.change.reach import LONGEST_PAUSE
from ospreyops.faults import registry
from ospreyops.goals.rollout import DRAIN
from tests.sim.host import SimHost
from tests.sim.mac import SimMac
from tests.sim.states import MACS, hosts, with_service
from tests.worlds import RULE, Sim

LINES = ["heal", "deploy --version 0.3", *(f"fix.{fault.name}" for fault in registry())]
SERVER_LINES = ["deploy --version 0.3 --drain 60", "deploy --version 0.4 --stop-first", "service.drain --drain 60"]


def ends_soon(sim: Sim, host: SimHost, line: str) -> None:
    """The task ends well, or with a clear error; once it ended well, it finds nothing to do.

    Where another container drains, for an hour at most, it is looked at as long.
    """
    most = 200 + (DRAIN / LONGEST_PAUSE if host.others else 0)
    ran = sim(f"{line} -H sim", host)
    assert ran.code in (0, 1, 2, 3, 5), ran.said
    assert "Traceback" not in ran.said
    assert host.looks < most
    if ran.code == 0:
        again = sim(f"{line} -H sim", host)
        assert "nothing to do" in again.out, (ran.said, again.said)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mac=MACS.map(with_service), line=st.sampled_from(LINES))
def test_from_any_state_a_task_ends_at_its_goal_or_with_a_clear_error_in_few_looks(
    sim: Sim, mac: SimMac, line: str
) -> None:
    ends_soon(sim, mac, line)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    host=hosts(),
    line=st.sampled_from([*SERVER_LINES, *LINES]),
)
def test_from_any_state_of_a_server_a_task_ends_at_its_goal_or_with_a_clear_error(
    sim: Sim, host: SimHost, line: str
) -> None:
    ends_soon(sim, host, line)


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
