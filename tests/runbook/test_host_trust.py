"""`inv host.trust`: a host's key becomes known, after a look at it, to the tool and to ssh alike."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Inv, said
from tests.lab.ssh import make_key
from tests.lab.sshd import LOOPBACK, Sshd
from tests.workstation import QUESTION, Workstation, two_servers


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sshd, Sshd]]:
    """Two servers with keys of their own, which let the same user in."""
    with two_servers(*(tmp_path_factory.mktemp(name) for name in ("box", "gate"))) as made:
        yield made


@pytest.fixture
def there(tmp_path: Path, servers: tuple[Sshd, Sshd]) -> Workstation:
    return Workstation(tmp_path, *servers)


def listed(sshd: Sshd) -> list[str]:
    """What ssh-keygen -lf prints on the host itself: bits, fingerprint, comment, kind."""
    return subprocess.check_output(["ssh-keygen", "-lf", f"{sshd.folder}/host_key.pub"], text=True).split()


def fingerprint(sshd: Sshd) -> str:
    return listed(sshd)[1]


def test_after_a_yes_the_key_is_known_and_ssh_itself_asks_nothing(there: Workstation) -> None:
    assert there.ssh().returncode == 255
    ran = there.trust("yes")
    assert ran.code == 0, ran.said
    assert "the host key of box is trusted" in ran.said
    assert there.ssh().stdout == "in\n"
    assert there.known.stat().st_mode & 0o777 == 0o600


def test_the_key_is_shown_as_the_host_itself_prints_it_with_the_line_that_does(there: Workstation) -> None:
    bits, print_, _, kind = listed(there.sshd)
    ran = there.trust("no")
    assert f"{bits} {print_} box {kind}" in ran.said
    assert "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub" in ran.said


@pytest.mark.parametrize("answer", ["no", "", "y", "SHA256:" + "A" * 43, "\x04"])
def test_whatever_is_no_yes_trusts_nothing(there: Workstation, answer: str) -> None:
    ran = there.trust(answer)
    assert (ran.code, there.known.exists()) == (3, False)
    assert "is not trusted" in ran.said


def test_the_fingerprint_from_there_is_a_yes(there: Workstation) -> None:
    assert there.trust(fingerprint(there.sshd)).code == 0
    assert there.ssh().stdout == "in\n"


def test_a_script_gives_the_fingerprint_and_is_asked_nothing(there: Workstation) -> None:
    ran = there.inv("host.trust", "box", "--fingerprint", fingerprint(there.sshd))
    assert ran.code == 0, ran.said
    assert there.ssh().stdout == "in\n"


def test_a_fingerprint_that_is_another_ones_trusts_nothing(there: Workstation) -> None:
    ran = there.inv("host.trust", "box", "--fingerprint", fingerprint(there.gate))
    assert (ran.code, there.known.exists()) == (3, False)
    assert f"the host key of box is {fingerprint(there.sshd)}, which is not the one that is given" in ran.err


def test_a_known_key_with_another_fingerprint_than_the_one_given_is_said(there: Workstation) -> None:
    there.inv("host.trust", "box", "--fingerprint", fingerprint(there.sshd))
    ran = there.inv("host.trust", "box", "--fingerprint", fingerprint(there.gate))
    assert (ran.code, "is not the one that is given" in ran.err) == (3, True)


@pytest.mark.parametrize("given", ["x", "MD5:00:11", "SHA256:short", ","])
def test_what_is_no_fingerprint_is_said_before_anything_is_asked(inv: Inv, given: str) -> None:
    ran = inv("host.trust", "nowhere.invalid", "--fingerprint", given)
    assert (ran.code, "--fingerprint" in ran.err) == (1, True)


def test_without_a_terminal_it_says_what_to_compare_and_what_to_give(there: Workstation) -> None:
    ran = there.inv("host.trust", "box")
    assert (ran.code, there.known.exists()) == (3, False)
    assert fingerprint(there.sshd) in ran.err
    assert "--fingerprint with what that prints" in ran.err


def test_a_key_that_is_known_needs_nothing(there: Workstation) -> None:
    there.sshd.known_hosts(there.known)
    before = there.known.read_text()
    ran = there.inv("host.trust", "-H", "box")
    assert ran.code == 0
    assert f"nothing to do: the host key of box is known: 256 {fingerprint(there.sshd)} box (ED25519)" in ran.out
    assert there.known.read_text() == before


def test_a_new_host_is_to_be_trusted_next_and_checked_where_its_key_is_known(there: Workstation) -> None:
    there.inv.env["XDG_CONFIG_HOME"] = str(there.home)
    assert there.inv("host.add", "box").out.endswith("\nnext: inv host.trust box\n")
    there.sshd.known_hosts(there.known)
    assert there.inv("host.add", "behind").out.endswith("\nnext: inv host.check behind\n")
    assert there.inv("host.trust", "box").out.endswith("\nnext: inv host.check box\n")


def test_a_changed_key_is_never_replaced_and_what_it_may_mean_is_said_loudly(there: Workstation) -> None:
    there.known.write_text(f"[{LOOPBACK}]:{there.sshd.port} {there.gate.host_keys()[0]}\n")
    before = there.known.read_text()
    ran = there.inv("host.trust", "box", "--fingerprint", fingerprint(there.sshd))
    assert (ran.code, there.known.read_text()) == (3, before)
    assert "HAS CHANGED" in ran.err and "SOMEBODY STANDS BETWEEN" in ran.err
    assert fingerprint(there.sshd) in ran.err and fingerprint(there.gate) in ran.err
    forget = ran.err.partition("new SHA256: ")[2].partition(" && ")[0]
    subprocess.run(["sh", "-c", forget], check=True, capture_output=True, timeout=20)
    assert there.inv("host.trust", "box", "--fingerprint", fingerprint(there.sshd)).code == 0


def test_a_jump_hosts_key_comes_first(there: Workstation) -> None:
    child = there.inv.terminal("host.trust", "behind")
    for name, sshd in (("gate", there.gate), ("behind", there.sshd)):
        child.expect(f"256 {fingerprint(sshd).replace('+', '[+]')} {name} ")
        child.expect(QUESTION)
        child.sendline("yes")
    ran = said(child)
    assert ran.code == 0, ran.said
    assert there.ssh("behind").stdout == "in\n"


def test_a_script_gives_the_fingerprints_of_jump_host_and_host(there: Workstation) -> None:
    both = f"{fingerprint(there.gate)},{fingerprint(there.sshd)}"
    assert there.inv("host.trust", "behind", "--fingerprint", both).code == 0
    assert there.ssh("behind").stdout == "in\n"


def test_names_are_hashed_where_ssh_hashes_them(there: Workstation) -> None:
    there.configure(more="HashKnownHosts yes")
    assert there.inv("host.trust", "box", "--fingerprint", fingerprint(there.sshd)).code == 0
    assert there.known.read_text().startswith("|1|")
    assert LOOPBACK not in there.known.read_text()
    assert there.ssh().stdout == "in\n"


@pytest.mark.parametrize("more", ["", "HashKnownHosts yes"])
def test_a_host_key_alias_is_the_name_that_is_kept(there: Workstation, more: str) -> None:
    there.configure(more=more, box="HostKeyAlias LAB")
    assert there.inv("host.trust", "box", "--fingerprint", fingerprint(there.sshd)).code == 0
    assert there.ssh().stdout == "in\n"


def test_a_file_without_a_line_end_keeps_its_last_line(there: Workstation) -> None:
    there.known.write_text(f"other {there.gate.host_keys()[0]}")
    assert there.inv("host.trust", "box", "--fingerprint", fingerprint(there.sshd)).code == 0
    assert there.known.read_text().splitlines()[0] == f"other {there.gate.host_keys()[0]}"
    assert there.ssh().stdout == "in\n"


def test_where_no_file_keeps_host_keys_it_is_said(there: Workstation) -> None:
    there.known = Path("/dev/null")
    there.configure()
    ran = there.inv("host.trust", "box", "--fingerprint", fingerprint(there.sshd))
    assert (ran.code, "no file of yours keeps host keys" in ran.err) == (3, True)


def test_a_file_that_cannot_be_written_is_said(there: Workstation) -> None:
    there.known.mkdir()
    ran = there.inv("host.trust", "box", "--fingerprint", fingerprint(there.sshd))
    assert (ran.code, "cannot be written: Is a directory" in ran.err) == (3, True)


def test_a_host_that_lets_the_user_not_in_is_trusted_all_the_same(there: Workstation) -> None:
    there.configure(key=make_key(there.home / "stranger"))
    ran = there.inv("host.trust", "box", "--fingerprint", fingerprint(there.sshd))
    assert ran.code == 0, ran.said
    assert "but box does not let" in ran.out
    assert "Permission denied" in there.ssh().stderr


def test_a_dry_run_shows_the_line_and_adds_nothing(there: Workstation) -> None:
    ran = there.inv("--dry", "host.trust", "box")
    assert (ran.code, there.known.exists()) == (0, False)
    line = next(line for line in ran.out.splitlines() if line.startswith("echo "))
    subprocess.run(["sh", "-c", line], check=True, timeout=10)
    assert there.ssh().stdout == "in\n"


def test_this_computer_needs_no_key(inv: Inv) -> None:
    ran = inv("host.trust", "localhost")
    assert (ran.code, "nothing to do: this computer is reached without SSH" in ran.out) == (0, True)


def test_a_host_that_is_not_there_is_said(inv: Inv) -> None:
    assert inv("host.trust", "nowhere.invalid").code == 4
