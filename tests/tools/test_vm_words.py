"""What the VM and VirtualBox say, where it is easily taken for something else."""

from __future__ import annotations

import pytest

from ospreyops.facts.machine import Contact, Record, Reply, Rule, State
from ospreyops.remote.command import Answer
from ospreyops.tools import guest, vboxmanage

BRIDGES = "4: docker0    inet 172.17.0.1/16 scope global docker0\n5: br-1    inet 192.168.16.1/20 scope global br-1\n"


def said(addresses: str) -> Answer:
    """What a VM with these addresses says."""
    out = f"asked at port 50022\n{addresses}1800000000\n1800000000\nssh ended with 0\n20.10.24\n"
    return Answer(0, out, "ssh ended with 0\n")


@pytest.mark.parametrize(
    ("addresses", "known", "address"),
    [
        (f"3: eth1    inet 192.168.99.101/24 scope global eth1\n{BRIDGES}", "192.168.99.101", "192.168.99.101"),
        (f"3: eth1    inet 10.33.0.100/24 scope global eth1\n{BRIDGES}", None, "10.33.0.100"),
        (BRIDGES, "172.17.0.1", None),
        ("3: eth1    inet 10.0.0.5/8 eth1\n3: eth1    inet 10.0.0.9/8 eth1\n", "10.0.0.5", "10.0.0.5"),
        ("13: veth10    inet 10.0.0.5/8 veth10\n", None, None),
    ],
    ids=[
        "beside_bridges",
        "another_network",
        "bridges_alone",
        "as_docker_machine_knows",
        "an_adapter_of_a_longer_name",
    ],
)
def test_the_address_is_that_of_the_host_only_adapter_in_whatever_network(
    addresses: str, known: str | None, address: str | None
) -> None:
    assert guest.guest(said(addresses), Record(50022, known)).address == address


@pytest.mark.parametrize(
    ("words", "contact"),
    [
        ("ssh: connect to host 127.0.0.1 port 50022: Connection refused", Contact.SILENT),
        ("Connection timed out during banner exchange", Contact.SILENT),
        ("kex_exchange_identification: Connection closed by remote host", Contact.SILENT),
        ("docker@127.0.0.1: Permission denied (publickey).", Contact.UNASKED),
        ("Warning: Identity file /x/id_rsa not accessible: No such file or directory.", Contact.UNASKED),
    ],
)
def test_a_vm_that_is_silent_is_told_apart_from_one_that_was_not_asked(words: str, contact: Contact) -> None:
    out = "asked at port 50022\n\n1800000000\nssh ended with 255\n"
    found = guest.guest(Answer(0, out, f"{words}\nssh ended with 255\n"), None)
    assert (found.contact, found.lives) == (contact, False)


def test_words_of_docker_are_not_taken_for_those_of_ssh() -> None:
    out = "asked at port 50022\n\n1800000000\nssh ended with 255\n"
    err = "Permission denied (publickey).\nssh ended with 255\ndial tcp 192.168.99.101:2376: connection refused\n"
    assert guest.guest(Answer(1, out, err), None).contact is Contact.UNASKED


@pytest.mark.parametrize(("out", "contact"), [("asked at port 50022\n", Contact.SILENT), ("", Contact.UNASKED)])
def test_a_question_that_ended_late_tells_of_the_vm_only_if_it_came_to_it(out: str, contact: Contact) -> None:
    assert guest.guest(Answer(-1, out, "", late=True), None).contact is contact


def test_an_engine_that_answers_over_tls_proves_that_the_vm_lives_though_ssh_does_not() -> None:
    out = "asked at port 50022\n\n1800000000\nssh ended with 255\n"
    refused = "ssh: Connection refused\nssh ended with 255\n"
    assert guest.guest(Answer(0, f"{out}20.10.24\n", refused), None).lives
    assert guest.guest(Answer(1, out, f"{refused}x509: certificate has expired\n"), None).lives
    assert not guest.guest(Answer(1, out, f"{refused}open /x/ca.pem: no such file or directory\n"), None).lives


@pytest.mark.parametrize(
    ("answer", "reply"),
    [
        (Answer(-1, late=True), Reply.LATE),
        (Answer(127, "", "sh: VBoxManage: command not found"), Reply.MISSING),
        (Answer(126, "", "sh: VBoxManage: Permission denied"), Reply.MISSING),
        (Answer(1, "", "VBoxManage: error: Oh\nVBoxManage: error: Context: x"), Reply.FAILED),
        (Answer(0, "bonjour"), Reply.STRANGE),
        (Answer(0, ""), Reply.STRANGE),
        (Answer(0, 'name="<inaccessible>"\nUUID="1"\n'), Reply.FAILED),
    ],
)
def test_what_is_no_answer_of_vboxmanage_is_named_and_no_state(answer: Answer, reply: Reply) -> None:
    found = vboxmanage.info(answer, "osprey-service")
    assert (found.reply, found.state, found.rules) == (reply, State.UNKNOWN, None)
    assert "Context" not in found.why


def test_a_rule_with_an_empty_port_is_one_with_port_0() -> None:
    out = 'VMState="running"\nForwarding(0)="odd,tcp,,,,22"\nForwarding(1)="web,tcp,,80,,x"\nForwarding(2)="torn"\n'
    rules = vboxmanage.info(Answer(0, out), "osprey-service").rules
    assert rules == (Rule("odd", "tcp", "", 0, "", 22), Rule("web", "tcp", "", 80, "", 0))
