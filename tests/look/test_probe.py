"""How the service looks: a real TLS server, asked by Python, and by real curl and openssl as on a host."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Callable, Optional

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ospreyops.facts.service import ProbeResult, Symptom
from ospreyops.look import https
from ospreyops.look.service import ISSUER, LIMIT, again, probed, questions, versions_of
from ospreyops.remote.command import Answer
from ospreyops.remote.protocol import batch, parse_batch
from tests.look.server import ABOUT, OVER, Pages, Server, drip, good, make_certificates, page, service

Views = dict[str, list["Future[ProbeResult]"]]
PRINTED = st.text().map("issuer=CN = osprey.service\nnotAfter={0}".format) | st.text().map("v0.3 {0}".format)
ANSWER = st.builds(Answer, st.sampled_from([0, 1]), st.text() | PRINTED, st.text())
ODD = {
    "0.1": (good("1.0"), "it is Osprey Service 1.0"),
    "0.2": (page("", 502), "HTTP 502"),
    "0.3": (page("<html>Hello</html>"), "not the JSON of an Osprey service: '<html>"),
    "0.4": (page('{"error": {"msg": "no"}}'), "not the JSON"),
    "0.5": (page('{"response": {"version": "0.5"}}'), "not the JSON"),
    "0.6": (page("[" * 100_000), "not the JSON"),
    "0.7": (page(bytes(range(256))), "not the JSON"),
    "0.8": (page("", 301), "HTTP 301"),
}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates made by openssl, all with the same key."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def probe(url: str) -> ProbeResult:
    """How the service looks from this computer, at a URL of one family."""
    (only,) = https.probe(url)
    return replace(only, family="")


def on_host(url: str, **environment: str) -> ProbeResult:
    """How the service looks to curl and openssl on a host, asked as a look asks."""
    env = {"PATH": "/usr/bin:/bin", **environment}
    answers: dict[str, Answer] = {}
    asked = questions(url)
    while asked:
        answers.update(parse_batch(subprocess.check_output(["sh", "-c", batch(asked)], env=env, text=True)))
        asked = {name: question for name, question in again(url, answers).items() if name not in answers}
    return probed(url, answers)


@pytest.fixture(scope="module", autouse=True)
def slow(certificates: Path) -> Iterator[Views]:
    """The views of servers that take as long as they are let, all asked while the other tests run."""
    tls = certificates / "good.pem"

    def java(answer: Callable[[], Iterable[bytes]]) -> Pages:
        return lambda path: answer() if "v0.3" in path else service("0.3", "1.0")(path)

    servers = {
        "accepts": Server(lambda _: drip(), None),
        "about": Server(lambda _: drip(), tls),
        "about drips": Server(lambda _: drip(*page(ABOUT * 99)), tls),
        "head drips": Server(lambda _: drip(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 999), tls),
        "java": Server(java(drip), tls),
        "java drips": Server(java(lambda: drip(*page("{" * 999))), tls),
    }
    with ThreadPoolExecutor(2 * len(servers)) as pool:
        yield {name: [pool.submit(ask, s.url) for ask in (probe, on_host)] for name, s in servers.items()}
        OVER.set()
    for server in servers.values():
        server.server_close()


def both(pages: Pages, certificate: Optional[Path]) -> tuple[ProbeResult, ProbeResult]:
    """Both views of a server, one after the other."""
    with Server(pages, certificate) as server:
        return probe(server.url), on_host(server.url)


def same(pages: Pages, certificate: Path) -> ProbeResult:
    """How a server looks, from here and on its host alike."""
    outside, inside = both(pages, certificate)
    assert outside == inside
    return outside


@pytest.mark.parametrize("certificate", ["good", "expired"])
def test_a_service_is_healthy_even_with_an_expired_certificate(certificates: Path, certificate: str) -> None:
    seen = same(service("0.3"), certificates / f"{certificate}.pem")
    assert (seen.version_problem("0.3"), seen.about, seen.issuer) == (None, f"{ABOUT}v0.3", ISSUER)
    assert seen.expires is not None and (seen.expires == 1630540800) == (certificate == "expired")


@pytest.fixture(scope="module")
def odd(certificates: Path) -> ProbeResult:
    """How a proxy looks whose Java servers each answer something else."""
    answers = {f"v{version.replace('.', '_')}": answer for version, (answer, _) in ODD.items()}
    return same(service(*ODD, **answers), certificates / "good.pem")


@pytest.mark.parametrize("version", ODD)
def test_the_proxys_word_is_not_enough(odd: ProbeResult, version: str) -> None:
    assert f"/v{version}/about: {ODD[version][1]}" in str(odd.version_problem(version))


def test_one_bad_answer_of_three_is_one_too_many(certificates: Path) -> None:
    turns = iter([good("0.3"), good("0.3"), page("", 502)] * 2)
    seen = same(lambda path: next(turns) if "v0.3" in path else service("0.3")(path), certificates / "good.pem")
    assert "HTTP 502" in str(seen.version_problem("0.3"))


@pytest.mark.parametrize(
    ("certificate", "issuer"), [("other", "olympias"), ("ca", "olympias"), ("impostor", ISSUER), ("nameless", "nobody")]
)
def test_a_certificate_that_desktop_refuses_is_a_problem(certificates: Path, certificate: str, issuer: str) -> None:
    seen = same(service("0.3"), certificates / f"{certificate}.pem")
    assert f"Desktop refuses its certificate: issued by {issuer}" in str(seen.version_problem("0.3"))


def test_each_version_is_judged_by_itself(certificates: Path) -> None:
    seen = same(service("1.0", "0.3", v0_3=page("", 502)), certificates / "good.pem")
    assert (seen.version_problem("1.0"), list(seen.desktop)) == (None, ["1.0", "0.3"])
    assert "HTTP 502" in str(seen.version_problem("0.3"))
    assert "does not know v2.0" in str(seen.version_problem("2.0"))


def test_a_release_is_ready_when_each_of_its_versions_answers(certificates: Path) -> None:
    seen = same(service("1.0", "0.3", v0_3=page("", 502)), certificates / "good.pem")
    assert "/v0.3/about: HTTP 502" in str(seen.problem("1.0"))
    assert "does not know v2.0" in str(seen.problem("2.0"))
    assert same(service("1.0", "0.3"), certificates / "good.pem").problem("1.0") is None


def test_a_page_that_names_no_version_is_no_service(certificates: Path) -> None:
    for seen in both(service(about=page("It works!")), certificates / "good.pem"):
        assert "does not know v0.3: 'It works!'" in str(seen.version_problem("0.3"))


@pytest.mark.parametrize(("status", "tls"), [(404, True), (502, True), (200, False)])
def test_a_server_that_is_no_proxy_of_ours_does_not_answer(certificates: Path, status: int, tls: bool) -> None:
    for seen in both(service("0.3", about=page("no", status)), certificates / "good.pem" if tls else None):
        assert seen.about is None and (str(status) in str(seen.error)) == tls


def test_where_nothing_listens_nothing_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"https://127.0.0.1:{taken.getsockname()[1]}"
    for seen in (probe(url), on_host(url)):
        assert seen.about is None and seen.error and seen.error.symptom is Symptom.CLOSED
        assert "connect" in str(seen.error).lower()


def test_what_a_user_of_the_host_has_set_for_curl_does_not_matter(certificates: Path, tmp_path: Path) -> None:
    (tmp_path / ".curlrc").write_text("include")
    with Server(service("0.3"), certificates / "good.pem") as server:
        assert on_host(server.url, https_proxy="http://127.0.0.1:9", HOME=str(tmp_path)).version_problem("0.3") is None


@pytest.mark.parametrize("url", ["https://localhost:port", "https://localhost:99999", "https://[::1"])
def test_a_url_that_leads_nowhere_is_told_as_no_answer(url: str) -> None:
    assert "does not answer" in str(probe(url).version_problem("0.3"))


@given(st.binary() | st.binary().map(b"HTTP/1.1 200 OK\r\n".__add__), st.binary(), st.integers(100, 599))
@settings(max_examples=5, deadline=None)
def test_whatever_the_network_answers_it_is_told(certificates: Path, raw: bytes, body: bytes, status: int) -> None:
    for odd in ({"about": [raw]}, {"v0_3": [raw]}, {"v0_3": page(body, status)}):
        with Server(service("0.3", **odd), certificates / "good.pem") as server:
            assert probe(server.url).version_problem("0.3")


@settings(deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys([*questions("https://localhost:1"), "certificate"], ANSWER)))
def test_whatever_curl_and_openssl_print_it_is_told(said: dict[str, Answer]) -> None:
    assert probed("https://localhost:1", said).version_problem("0.3")


@pytest.mark.parametrize("name", ["accepts", "about", "about drips", "head drips", "java", "java drips"])
def test_a_server_that_never_ends_its_answer_is_given_up_at_the_limit(slow: Views, name: str) -> None:
    for seen in (view.result(2 * LIMIT) for view in slow[name]):
        assert re.search("(/v0.3/about|does not answer): .*(in time|timed out)", str(seen.version_problem("0.3")))
        assert (seen.version_problem("1.0") is None) == name.startswith("java")


def test_the_curl_of_centos_7_finds_a_healthy_service_healthy(certificates: Path, tmp_path: Path) -> None:
    old = tmp_path / "curl"
    unknown = r"--fail-early|--fail-with-body|--retry-all-errors|--tls-max|--parallel|--no-progress-meter"
    refuse = 'echo "curl: option $word: is unknown" >&2; exit 2'
    warn = "echo \"curl: unknown --write-out variable: 'certs'\" >&2"
    old.write_text(
        f"#!/bin/sh\nfor word; do echo \"$word\" | grep -qxE -e '{unknown}' && {{ {refuse}; }}; shift\n"
        f'case $word in *certs*) {warn}; word=; esac; set -- "$@" "$word"; done\nexec /usr/bin/curl "$@"\n'
    )
    old.chmod(0o755)
    with Server(service("0.3"), certificates / "good.pem") as server:
        found = on_host(server.url, PATH=f"{tmp_path}:/usr/bin:/bin")
    assert found.problem("0.3") is None and found.expires


def test_an_answer_that_is_cut_off_between_two_good_ones_is_a_problem() -> None:
    body = '{"response": {"name": "Osprey Service", "version": "0.3"}}'
    said = Answer(0, f"{body}\n200\n\n000\n{body}\n200\n0 v0.3\n")
    certificate = Answer(0, "issuer=CN = osprey.service\nsubject=CN = osprey.service\n")
    found = probed("https://h", {"about": Answer(0, "v0.3"), "desktop": said, "certificate": certificate})
    problem = found.problem("0.3")
    assert problem and problem.symptom is Symptom.CUT


@pytest.mark.parametrize("sign", ["v0.3 ", "v1", "\n200\n", "0 v0.3\n", "v0.", "{"])
def test_megabytes_of_whatever_a_service_sends_are_told_and_keep_nobody_busy(certificates: Path, sign: str) -> None:
    much = sign * (3_000_000 // len(sign))
    assert not versions_of(much)[20:]
    answers = dict.fromkeys([*questions("https://localhost:1"), "certificate"], Answer(0, much, much))
    assert probed("https://localhost:1", answers).version_problem("0.3")
    for pages in (service("0.3", about=page(much)), service("0.3", v0_3=page(much))):
        for seen in both(pages, certificates / "good.pem"):
            assert len(seen.desktop) <= 20
