"""What cannot be told is UNKNOWN, with a sentence that says what to do; nothing is OK by silence."""

from __future__ import annotations

import base64
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from o365_exporter.errors import REASONS, NoData, Unsupported
from o365_exporter.probing import ProbeError
from o365_exporter.probing.asking import Door, ask
from o365_exporter.probing.modes import MODES
from o365_exporter.probing.sources import _WORDS
from o365_exporter.store import STATES
from tests.fakes import NOON, PATIENCE
from tests.probing.daemon import Daemon, checked, source
from tests.probing.test_probe_modes import E3, EMAIL, EXCHANGE, HEALTH, KEY, LAPSED, SKUS_SOURCE, refresh
from tests.web.behind import issued

SECRET = "correct horse battery"


@pytest.mark.parametrize("state", [state for state in STATES if state != "ok"])
def test_a_source_that_has_not_answered_is_unknown(
    exporter: Daemon, capsys: pytest.CaptureFixture[str], state: str
) -> None:
    """With what its state means and a remedy, and never OK; what is known to be bad stays so."""
    exporter.serve(source("subscriptions", "skus", state))
    code, text = checked(capsys, "subscriptions")
    assert (code, text.count("\n")) == (3, 1)
    assert text.startswith("UNKNOWN: contoso/subscriptions/skus ")
    assert f" ({state}). " in text
    exporter.serve(source("subscriptions", "skus", state), *E3)
    assert checked(capsys, "subscriptions")[0] == 3
    exporter.serve(source("subscriptions", "skus", state), *E3, *LAPSED)
    code, text = checked(capsys, "subscriptions")
    assert code == 1
    assert text.startswith("WARNING: Subscriptions 'EMS' capability status: warning UNKNOWN: contoso/")


def test_every_state_has_words() -> None:
    """The closed list of the exporter's, and none besides."""
    assert _WORDS.keys() == {"pending", *REASONS, NoData.state, Unsupported.state}
    assert {*_WORDS, "ok"} == set(STATES)


TROUBLES: dict[str, tuple[tuple[str, ...], str, str]] = {
    "a state of a later release": (
        (source("subscriptions", "skus", "asleep"),),
        "subscriptions",
        "contoso/subscriptions/skus is asleep (asleep). See o365-exporter docs troubleshooting. The exporter's log "
        "has the whole sentence.",
    ),
    "a missing permission": (
        (source("subscriptions", "skus", "permission"), *E3),
        "subscriptions",
        "contoso/subscriptions/skus lacks an application permission (permission). Let an administrator of the tenant "
        "grant it and consent; no restart is needed. The exporter's log has the whole sentence. | "
        "'SPE_E3#subscription.usage.count'=14;;;0;25 'SPE_E3#subscription.free.count'=11;;;0;25 "
        "'SPE_E3#subscription.usage.percentage'=56.00%;;;0;100",
    ),
    "a collector that is off": (
        E3,
        "subscriptions --filter-sku-part-number x",
        "contoso/subscriptions/skus is not polled: switch the collector subscriptions on in the exporter's settings.",
    ),
    "an answer that is too old": (
        (source("subscriptions", "skus", age=11_101),),
        "subscriptions",
        "contoso/subscriptions/skus is old: its last answer came 3h 5m 1s ago. See whether the exporter hangs, and its "
        "log.",
    ),
    "series that were cut": (
        (SKUS_SOURCE, 'o365_exporter_series_dropped{collector="subscriptions",tenant="contoso"} 7'),
        "subscriptions",
        "7 series of contoso/subscriptions are not served and not looked at: raise max_series or filter in the "
        "exporter's settings.",
    ),
    "issues that fail while services are well": (
        (HEALTH[0], source("service_health", "issues", "timeout"), EXCHANGE),
        "service-status",
        "contoso/service_health/issues gets no answer from Microsoft in time (timeout). See whether a firewall drops "
        "packets; else wait. The exporter's log has the whole sentence.",
    ),
    "a report that Microsoft does not renew": (
        (EMAIL[0], refresh("getEmailActivityUserDetail").replace("177310080", "177258240"), *EMAIL[3:]),
        "email-activity --filter-counters=total-read",
        "getEmailActivityUserDetail still speaks of 2026-03-04, 6d 12h ago, where two to three days are usual: see "
        "Reports > Usage in the Microsoft 365 admin center. | 'total_read_count'=5;;;0;",
    ),
    "nothing of anybody": (
        EMAIL[:1],
        "email-activity",
        "active-users is not served although exchange_usage/email_activity has answered: its report may lack a column "
        "(o365_report_missing_columns) or have lost its one-day file; see the exporter's log.",
    ),
    "a page with a line of somebody else": (
        ('o365_sku_status{status="x',),
        "subscriptions",
        "The exporter's line 'o365_sku_status{status=\"x' cannot be read: use the probe of the release that runs as "
        "the exporter, or see what stands between them.",
    ),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_troubles_are_told(exporter: Daemon, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """Each in its words, with exit code 3."""
    lines, arguments, sentence = TROUBLES[name]
    exporter.serve(*lines)
    assert checked(capsys, *arguments.split()) == (3, f"UNKNOWN: {sentence}\n")


@pytest.mark.parametrize("mode", [mode.name for mode in MODES])
def test_no_mode_is_ok_about_nothing(exporter: Daemon, capsys: pytest.CaptureFixture[str], mode: str) -> None:
    """A tenant of whom nothing is polled, and an exporter without tenants, are UNKNOWN in each mode."""
    exporter.serve()
    code, text = checked(capsys, mode)
    assert (code, text.startswith("UNKNOWN: contoso/"), " is not polled: switch" in text) == (3, True, True)
    exporter.serve(tenants=())
    assert checked(capsys, mode) == (3, "UNKNOWN: The exporter watches no tenant. Write one into its settings.\n")


def test_of_several_tenants_one_must_be_named(exporter: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    """With their names, of which there may be many, and without the series of all; one alone is found."""
    exporter.serve(tenants=tuple(f"t{number:02}" for number in range(12)))
    names = ", ".join(f"'t{number:02}'" for number in range(10))
    told = f"UNKNOWN: The exporter watches 12 tenants: name one by --tenant, of {names} and 2 more.\n"
    assert checked(capsys, "subscriptions") == (3, told)
    exporter.serve(SKUS_SOURCE, *E3)
    assert checked(capsys, "subscriptions", "--tenant", "contoso")[0] == 0
    assert [path for path, _ in exporter.asked] == ["/sd", "/metrics?tenant=contoso"]
    assert checked(capsys, "subscriptions")[0] == 0
    assert [path for path, _ in exporter.asked[2:]] == ["/sd", "/metrics?tenant=contoso"]
    sentence = 'UNKNOWN: The exporter serves nothing of tenant "a\'b". See its log.\n'
    assert checked(capsys, "subscriptions", "--tenant", "a'b") == (3, sentence)


def test_the_clock_is_the_exporters(exporter: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    """A machine whose clock is wrong finds the same credentials ended; without its time nothing is told."""
    exporter.serve(source("credential_expiry", "applications", interval=1e6), KEY)
    arguments = "app-credentials"
    exporter.headers["Date"] = formatdate(NOON + 86_400 * 10 + 4, usegmt=True)
    assert checked(capsys, arguments)[1].startswith("OK: application 'App One' key credential 'k1' status: valid, ")
    exporter.headers["Date"] = formatdate(NOON + 86_400 * 10 + 5, usegmt=True)
    assert checked(capsys, arguments)[0] == 2
    del exporter.headers["Date"]
    sentence = f"What answers at {exporter.url} is not the exporter. Mend --url."
    assert checked(capsys, arguments) == (3, f"UNKNOWN: {sentence}\n")


ANSWERS: dict[str, tuple[int, dict[str, str], str, str]] = {
    "a tenant that is not watched": (
        404,
        {},
        "No tenant is called 'contso'. Did you mean 'contoso'?\nmore",
        "The exporter at {url} answers with 404. It says: No tenant is called 'contso'. Did you mean 'contoso'? Give "
        "--tenant as the label `tenant` has it; mend --url if this is not the exporter.",
    ),
    "too many scrapes": (
        503,
        {},
        "More than 100 scrapes wait for their pages.",
        "The exporter at {url} answers with 503. It says: More than 100 scrapes wait for their pages. Try again; see "
        "how many ask at once.",
    ),
    "a password is wanted": (
        401,
        {"WWW-Authenticate": "Basic"},
        "",
        "The exporter at {url} refuses (401). Give --user, and the password by --password-file or O365_PROBE_PASSWORD.",
    ),
    "somebody else's page": (
        200,
        {"Content-Type": "text/html"},
        "<html># TYPE o365_x</html>",
        "What answers at {url} is not the exporter. Mend --url.",
    ),
    "another exporter": (
        200,
        {},
        "# TYPE node_load1 gauge\nnode_load1 1\n",
        "What answers at {url} is not the exporter. Mend --url.",
    ),
    "a redirect": (
        302,
        {"Location": "http://127.0.0.1:9/", "Content-Type": "text/html"},
        "gone",
        "The exporter at {url} answers with 302. Mend --url if this is not the exporter.",
    ),
    "bytes that are no text": (
        500,
        {},
        "\x00|\x1b[31m\nx",
        "The exporter at {url} answers with 500. It says:  ¦ [31m Mend --url if this is not the exporter.",
    ),
}


@pytest.mark.parametrize(
    ("status", "page", "sentence"),
    [
        (200, "<html>", "What answers at {url} is not the exporter. Mend --url."),
        (200, '{"data": 1}', "What answers at {url} is not the exporter. Mend --url."),
        (200, '[{"labels": []}]', "What answers at {url} is not the exporter. Mend --url."),
        (200, '[{"labels": {"__param_tenant": 1}}]', "The exporter watches no tenant. Write one into its settings."),
        (404, "x", "The exporter at {url} answers with 404. It says: x Mend --url if this is not the exporter."),
        (503, "", "The exporter at {url} answers with 503. Try again; see how many ask at once."),
    ],
)
def test_lists_of_tenants_that_are_none(
    exporter: Daemon, capsys: pytest.CaptureFixture[str], status: int, page: str, sentence: str
) -> None:
    """Where no tenant is named, what answers is asked for them, and may be anything."""
    exporter.status, exporter.page, exporter.tenants = status, page, None
    assert checked(capsys, "subscriptions") == (3, f"UNKNOWN: {sentence.format(url=exporter.url)}\n")


@pytest.fixture
def password(tmp_path: Path) -> Path:
    """A file with the password."""
    file = tmp_path / "password"
    file.write_text(f"{SECRET}\n")
    return file


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_that_are_none(exporter: Daemon, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """Each is told with what the exporter itself says, and what to do."""
    exporter.status, headers, exporter.page, sentence = ANSWERS[name]
    exporter.headers |= headers
    told = f"UNKNOWN: {sentence.format(url=exporter.url)}\n"
    assert checked(capsys, "subscriptions", "--tenant", "contso") == (3, told)


def test_a_password_is_sent_and_never_shown(
    exporter: Daemon, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, password: Path
) -> None:
    """Out of a file or the environment, the file first; what is refused shows neither it nor what was sent."""
    exporter.serve(SKUS_SOURCE, *E3)
    sent = base64.b64encode(f"ann:{SECRET}".encode()).decode()
    assert checked(capsys, "subscriptions", "--user=ann", f"--password-file={password}")[0] == 0
    monkeypatch.setenv("O365_PROBE_PASSWORD", "another one")
    assert checked(capsys, "subscriptions", "--user=ann", f"--password-file={password}")[0] == 0
    monkeypatch.setenv("O365_PROBE_PASSWORD", SECRET)
    assert checked(capsys, "subscriptions", "--user=ann")[0] == 0
    assert {headers["Authorization"] for _, headers in exporter.asked} == {f"Basic {sent}"}
    exporter.status = 401
    for arguments in (["--user=ann"], ["--user=ann", "--verbose"], ["--user=ann", "--url", "http://127.0.0.1:1"]):
        code, text = checked(capsys, "subscriptions", *arguments)
        assert (code, SECRET in text, sent in text) == (3, False, False)
    assert SECRET not in repr(Door("http://x", 1.0, None, "ann", SECRET))


@pytest.mark.parametrize("status", [400, 404, 500, 503])
@pytest.mark.parametrize(
    "spelled",
    [
        lambda header, _: f"you sent {header}",
        lambda header, _: header.upper(),
        lambda header, _: header[9:20],
        lambda _, secret: f"{secret} is wrong",
        lambda _, secret: secret[2:11],
        lambda _, secret: quote(secret, safe=""),
        lambda _, secret: "".join(f"%{byte:02x}" for byte in secret.encode()),
    ],
)
def test_what_a_server_repeats_is_not_told(
    exporter: Daemon,
    capsys: pytest.CaptureFixture[str],
    password: Path,
    status: int,
    spelled: Callable[[str, str], str],
) -> None:
    """A server that is not the exporter may answer with what it was sent, or a part of it; other words are told."""
    coded = base64.b64encode(f"ann:{SECRET}".encode()).decode()
    exporter.status = status
    arguments = ("subscriptions", "--tenant=contoso", "--user=ann", f"--password-file={password}")
    exporter.page = spelled(f"Basic {coded}", SECRET)
    code, text = checked(capsys, *arguments)
    assert (code, "It says" in text) == (3, False)
    exporter.page = "Another word."
    assert "It says: Another word." in checked(capsys, *arguments)[1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["--user", "ann"],
            "--user is given without a password: name its file by --password-file, or set O365_PROBE_PASSWORD.",
        ),
        (
            ["--user", f"ann:{SECRET}"],
            "--user has a colon in it: give the password by --password-file, and the user alone.",
        ),
        (
            ["--user", "ann", "--password-file", "/nowhere"],
            "--password-file /nowhere does not exist: write the file, or mend the path that names it.",
        ),
        (
            ["--url", f"http://ann:{SECRET}@127.0.0.1"],
            "--url (O365_PROBE_URL) has a user in it: give --user, and the password by --password-file.",
        ),
        (
            ["--url", "127.0.0.1:10365"],
            "--url '127.0.0.1:10365' (O365_PROBE_URL) is no address of a server: write it as http://127.0.0.1:10365 or "
            "https://host:port.",
        ),
        (
            ["--url", "http://[::1"],
            "--url (O365_PROBE_URL) is no address: write it as http://127.0.0.1:10365 or https://host:port.",
        ),
        (
            ["--url", "http://a/\r\nX: y"],
            "--url 'http://a/\\r\\nX: y' (O365_PROBE_URL) has characters that no address has: write it as "
            "http://127.0.0.1:10365 or https://host:port.",
        ),
        (
            ["--ca-file", "/nowhere", "--url", "http://127.0.0.1:1"],
            "Certificates are for https, and --url is 'http://127.0.0.1:1': write https, or leave them out.",
        ),
        (
            ["--ca-file", "/nowhere", "--url", "https://127.0.0.1:1"],
            "--ca-file /nowhere cannot be used (No such file or directory): name a file in PEM.",
        ),
        (
            ["--ca-file", __file__, "--url", "https://127.0.0.1:1"],
            f"--ca-file {__file__} cannot be used (not what it should be): name a file in PEM.",
        ),
        (
            ["--cert-file", __file__, "--url", "https://127.0.0.1:1"],
            f"--cert-file {__file__} cannot be used (not what it should be): name a file in PEM.",
        ),
        (
            ["--url", "http://127.0.0.1:1"],
            "The exporter at http://127.0.0.1:1 does not answer (Connection refused). Start it, or give its address by "
            "--url; write https if it serves with TLS.",
        ),
        (
            ["--warning-status", "%{x}"],
            "--warning-status: '%{x}' asks for %{x}, which there is not: write one of "
            "%{capabilityStatus}, %{skuPartNumber}.",
        ),
        (
            ["--critical-subscription-usage", "90%"],
            "--critical-subscription-usage: '90%' is no range: write 10, 10:, ~:10, 10:20 or @10:20.",
        ),
    ],
)
def test_options_that_cannot_be_used(capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str) -> None:
    """Before anything is asked, and without the password."""
    code, text = checked(capsys, "subscriptions", *arguments)
    assert (code, text) == (3, f"UNKNOWN: {sentence}\n")
    assert SECRET not in text


def test_a_filter_that_is_no_pattern(exporter: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    """Is told with its option."""
    exporter.serve(SKUS_SOURCE, *E3)
    code, text = checked(capsys, "subscriptions", "--filter-sku-part-number", "*E3")
    assert (code, text) == (
        3,
        "UNKNOWN: --filter-sku-part-number '*E3' is no regular expression (nothing to repeat at position 0): put a "
        "backslash before what is meant as it stands.\n",
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "the following arguments are required: MODE. See o365-exporter probe --help."),
        (["subscription"], "argument MODE: 'subscription' is not known: did you mean subscriptions? (choose from "),
        (
            ["subscriptions", "--warning-subscriptions-usage=5"],
            "unrecognized arguments: --warning-subscriptions-usage: did you mean --warning-subscription-usage? See "
            "o365-exporter probe subscriptions --help.",
        ),
        (["subscriptions", "--client-secret", SECRET], "unrecognized arguments: --client-secret"),
        (["subscriptions", "--timeout=x"], "argument --timeout: 'x' is no number of seconds from 1 to 3600."),
        (["subscriptions", "--max-output=5"], "argument --max-output: '5' is no number of bytes from 512 on."),
        (["app-credentials", "--unit=y"], "argument --unit: 'y' is not known (choose from s, m, h, d, w)."),
    ],
)
def test_mistakes_in_options_are_unknown_and_not_critical(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    """Exit code 2, which other commands have for them, would wake somebody."""
    code, text = checked(capsys, *arguments)
    assert (code, text[: 9 + len(sentence)]) == (3, f"UNKNOWN: {sentence}")
    assert SECRET not in text


def test_a_fault_of_the_probe_is_unknown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without foreign text; output that nobody takes, too."""

    def broken(*_: Any) -> Any:
        raise ValueError(SECRET)

    monkeypatch.setattr("o365_exporter.commands.probe.ask", broken)
    sentence = "A fault of the probe itself (ValueError): please report it."
    assert checked(capsys, "subscriptions") == (3, f"UNKNOWN: {sentence}\n")
    monkeypatch.setattr("builtins.print", lambda *_: _full())
    assert checked(capsys, "subscriptions") == (3, "")


@pytest.mark.parametrize("program", [("-m", "o365_exporter"), ("-c", "from o365_exporter.cli import main; main()")])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_check_that_is_stopped_is_unknown(program: tuple[str, ...], number: signal.Signals) -> None:
    """By whoever waits no longer; whichever way it was started, and although a daemon ends with 0 then."""
    with socket.create_server(("127.0.0.1", 0)) as exporter:
        url = f"http://127.0.0.1:{exporter.getsockname()[1]}"
        command = [sys.executable, *program, "probe", "subscriptions", "--url", url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as check, exporter.accept()[0]:
            check.send_signal(number)
            said, _ = check.communicate(timeout=PATIENCE)
    assert (check.returncode, said) == (3, f"UNKNOWN: Stopped by {number.name} before the exporter had answered.\n")


def _full() -> None:
    raise OSError(28, "No space left on device")


@contextmanager
def speaking(*pieces: bytes | None) -> Iterator[str]:
    """What says these bytes to whoever connects; after None nothing until the test is over."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def speak() -> None:
            with listener.accept()[0] as connection:
                connection.recv(65_536)
                for piece in pieces:
                    if piece is None:
                        over.wait(PATIENCE)
                    else:
                        connection.sendall(piece)

        thread = threading.Thread(target=speak, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        over.set()
        thread.join(PATIENCE)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 50\r\n\r\n"


@pytest.mark.parametrize("said", [b"", HEAD, HEAD + b"# TYPE o365_"])
def test_an_exporter_that_hangs_is_given_up(said: bytes) -> None:
    """Whatever it has said of its answer, the check ends in time."""
    with speaking(said, None) as url, pytest.raises(ProbeError) as given_up:
        ask(Door(url, 0.2), "contoso")
    assert str(given_up.value).startswith(f"The exporter at {url} ")
    assert (
        "0.2 s" in str(given_up.value)
        or "(timed out)" in str(given_up.value)
        or "(TimeoutError)" in str(given_up.value)
    )


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (HEAD + b"# TYPE o365_a gauge\n", "IncompleteRead"),
        (b"", "RemoteDisconnected"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "BadStatusLine"),
    ],
)
def test_an_answer_that_is_cut_is_none(said: bytes, why: str) -> None:
    """Half a page would lack the services that are not well."""
    with speaking(said) as url, pytest.raises(ProbeError) as refused:
        ask(Door(url, PATIENCE), "contoso")
    assert str(refused.value) == (
        f"The exporter at {url} does not answer ({why}). Start it, or give its address by --url; write https if it "
        "serves with TLS."
    )


class _Quiet(HTTPServer):
    def handle_error(self, *_: Any) -> None:
        """Clients that go away are what the test is about."""


@contextmanager
def by_tls(folder: Path, *, wants_certificate: bool = False) -> Iterator[str]:
    """An exporter that serves one tenant by TLS, with a certificate that ``ca.pem`` has signed."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b'# TYPE o365_tenant_info gauge\no365_tenant_info{tenant="contoso"} 1\n'
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    if wants_certificate:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(folder / "ca.pem")
    with _Quiet(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(PATIENCE)


def test_tls(tmp_path: Path) -> None:
    """An authority that is named is trusted, another one is not; http where TLS is spoken is told as that."""
    issued(tmp_path, "server")
    with by_tls(tmp_path) as url:
        assert "contoso" in ask(Door(url, PATIENCE, tmp_path / "ca.pem"), "contoso").text
        with pytest.raises(ProbeError, match=r"shows a certificate that is not trusted \(.+\). Name its authority by"):
            ask(Door(url, PATIENCE), "contoso")
        with pytest.raises(ProbeError, match="write https if it serves with TLS"):
            ask(Door(url.replace("https", "http"), PATIENCE), "contoso")
    with speaking(b"HTTP/1.1 400 Bad Request\r\n\r\n") as url, pytest.raises(ProbeError, match="Write http in --url"):
        ask(Door(url.replace("http", "https"), PATIENCE), "contoso")


def test_a_certificate_is_shown(tmp_path: Path) -> None:
    """Where the exporter wants one; without it the sentence names the option."""
    issued(tmp_path, "server")
    issued(tmp_path, "client")
    with by_tls(tmp_path, wants_certificate=True) as url:
        shown = Door(url, PATIENCE, tmp_path / "ca.pem", "", "", tmp_path / "client.pem", tmp_path / "client.key")
        assert "contoso" in ask(shown, "contoso").text
        with pytest.raises(ProbeError, match=r"give --cert-file if it wants a certificate|does not answer"):
            ask(Door(url, PATIENCE, tmp_path / "ca.pem"), "contoso")


def test_a_proxy_of_the_environment_is_not_used(
    exporter: Daemon, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A password would go to it, and the exporter is near."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    exporter.serve(SKUS_SOURCE, *E3)
    assert checked(capsys, "subscriptions", "--url", f"{exporter.url}/metrics/")[0] == 0


_LOADED = """
import sys
sys.argv[1:] = ["probe", "service-status", "--url", "http://127.0.0.1:1"]
from o365_exporter.cli import main
try:
    main()
except SystemExit as end:
    assert end.code == 3, end.code
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_a_check_needs_no_library_but_pythons_own() -> None:
    """It is started every minute, many times on a poller."""
    done = subprocess.run([sys.executable, "-c", _LOADED], check=True, capture_output=True, text=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    foreign = loaded - set(sys.stdlib_module_names) - {"o365_exporter", "__main__", "sitecustomize", "usercustomize"}
    assert {name for name in foreign if not name.startswith(("_", "__editable__", "a1_coverage", "coverage"))} == set()
    assert loaded.isdisjoint({"asyncio", "unittest", "json", "urllib.request"})
