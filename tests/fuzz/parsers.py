"""Every parser of what others write, in one place: hypothesis and atheris feed the same list.

Each takes any bytes and returns, or raises what the house has sentences for; what it finds is compared with a plain way
where there is one.
"""

from __future__ import annotations

import asyncio
import base64
import codecs
import json
import re
import shutil
import tempfile
import tomllib
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest import mock

from o365_exporter import __version__, logs
from o365_exporter.backfill.work import WorkFile, WorkFileError
from o365_exporter.catalogue import all_collectors
from o365_exporter.collectors.message_center import LONGEST_BODY, Body
from o365_exporter.collectors.report_settings import SettingsSource
from o365_exporter.errors import ConfigurationError, Nothing, PollError
from o365_exporter.exposition import accepts_gzip, choose_format
from o365_exporter.graph import Remembered
from o365_exporter.graph.answers import decoded_in_turns, fault_of
from o365_exporter.graph.download import _scheme_of
from o365_exporter.graph.endpoints import LARGEST_LIST
from o365_exporter.graph.paging import all_pages
from o365_exporter.graph.refusals import download_error, graph_error
from o365_exporter.http.addresses import host_of, origin_of, target_of
from o365_exporter.http.client import Request, Response
from o365_exporter.http.inflating import _Inflating
from o365_exporter.http.names import in_turns
from o365_exporter.http.proxies import parse_bypasses, parse_proxy
from o365_exporter.http.retry import retry_after
from o365_exporter.http.skew import http_date
from o365_exporter.http.trust import authority_defects
from o365_exporter.login import CLOUDS, Identity
from o365_exporter.login.claims import roles_of, tenant_of
from o365_exporter.login.credentials import ClientSecret
from o365_exporter.login.credentials.keypair import key_pair
from o365_exporter.login.credentials.secret import secret_doubt
from o365_exporter.login.entra import _is_endpoint
from o365_exporter.login.issuer import UNUSABLE, Grant
from o365_exporter.login.refusals import login_error, machine_error
from o365_exporter.markup import plain, sanitised
from o365_exporter.probing import ProbeError
from o365_exporter.probing.asking import Door, address_of, clock_of
from o365_exporter.probing.conditions import parse_condition
from o365_exporter.probing.output import Perfdata, Report, Status
from o365_exporter.probing.ranges import parse_range
from o365_exporter.probing.reading import read as read_lines
from o365_exporter.reports.folding import Unchanged, fold
from o365_exporter.reports.recipes import Recipe
from o365_exporter.reports.source import ReportSource
from o365_exporter.reports.tables import _Table, read_rows
from o365_exporter.scheduler import Job, Memory
from o365_exporter.settings import load
from o365_exporter.settings.tomlfile import tables_of
from o365_exporter.simulator import Simulator, SimulatorOptions
from o365_exporter.simulator.reports import Style
from o365_exporter.source import Source
from o365_exporter.state import Identity as StateOwner
from o365_exporter.state.form import LongLines, Snapshot, UnusableStateError, written
from o365_exporter.state.form import read as read_state
from o365_exporter.store import Key
from o365_exporter.texts import UnusableError
from o365_exporter.web.conversation import _origin_form
from o365_exporter.web.passwords import _pair
from o365_exporter.web.places import neighbourhood
from o365_exporter.web.tls import names_in
from o365_exporter.web.webfile import WebConfigError, parse_web_config
from tests.fakes import FakeClock
from tests.reports.files import in_pieces
from tests.stubs import StubGraph, polled

WHO = Identity("contoso", "contoso.com", "1234-app", CLOUDS["global"])
NOW = 1_773_306_000.0
HOST = "https://graph.microsoft.com"
SECRET = ClientSecret(setting="client_secret", fingerprint="f", value="s3cret~canary")
STATUSES = (200, 302, 400, 401, 403, 404, 410, 429, 500, 503)
_HEADER = b"Report Refresh Date,User Principal Name,Is Deleted,Deleted Date,Last Activity Date,Send Count\r\n"

Parse = Callable[[bytes], None]


@dataclass(frozen=True)
class Parser:
    """A parser of foreign input.

    Args:
        read: is given any bytes; raises nothing but what is wrong with the parser.
        modules: those of the package in which text or bytes become values on the way.
        seeds: to begin with.
    """

    read: Parse
    modules: tuple[str, ...]
    seeds: tuple[bytes, ...] = ()


def _answer(data: bytes, body: bytes, headers: dict[str, str] | None = None) -> Response:
    """An answer with a status that the first byte chooses."""
    status = STATUSES[data[0] % len(STATUSES)] if data else 200
    return Response(
        Request("GET", f"{HOST}/v1.0/applications", {}, secrets=(SECRET.value,)), status, headers or {}, body
    )


def _run(work: Any) -> Any:
    """What a coroutine that waits for nothing returns; much faster than an event loop for each input."""
    return asyncio.run(work)


def _outcome(work: Callable[[], Any], *errors: type[Exception]) -> Any:
    try:
        return work()
    except errors as error:
        return type(error), str(error)


def packed(data: bytes) -> None:
    """What is not packed is empty, and what unpacks without end is not unpacked to its end."""
    body = Body("MC1", None, is_html=True, packed=data.decode("latin-1"), too_long=False)
    assert len(body.content) <= 4 * LONGEST_BODY


# Checks -----------------------------------------------------------------------------------------------------

MACROS: dict[str, str | float] = {"status": "Enabled", "used": 3.0}


def checks(data: bytes) -> None:
    """Thresholds, addresses and lines are read or refused with a sentence; nothing breaks out of a report."""
    text = data.decode("utf-8", "surrogateescape")
    _outcome(lambda: parse_range(text).alarms(1.0), ProbeError)
    _outcome(lambda: str(parse_range(text).share_of(7.0)), ProbeError)
    _outcome(lambda: parse_condition(text, MACROS).holds(MACROS), ProbeError)
    _outcome(lambda: address_of(Door(text, 1.0)), ProbeError)
    _outcome(lambda: read_lines(text, {"o365_a", "o365_b"}), ProbeError)
    clock_of(text)
    report = Report()
    report.say(Status.CRITICAL, text)
    report.graph([Perfdata(text[:500], "1")])
    report.tell(text)
    said = report.text(4_000, verbose=True).encode()
    first, *rest = said.decode().split("\n")
    assert len(said) <= 4_000
    label = first.rpartition(" | ")[2].removesuffix("=1;;;;")
    assert (first.count("|"), len(rest), label.strip("'").count("'") + label.count("=")) == (1, 1, 0), first


# Settings ---------------------------------------------------------------------------------------------------


def toml(data: bytes) -> None:
    """What tomllib reads is read as it reads it, or refused for its depth or size."""
    text = data.decode("utf-8", "replace")
    try:
        tree = tables_of(text)
    except UnusableError:
        return
    assert repr(tree) == repr(tomllib.loads(text))


@contextmanager
def _folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp())
    try:
        yield path
    finally:
        shutil.rmtree(path)


def settings_file(data: bytes) -> None:
    """The same bytes as the settings and as the tenants."""
    with _folder() as folder:
        file = folder / "file.toml"
        file.write_bytes(data)
        for environ in ({"O365_CONFIG": str(file)}, {"O365_TENANTS_FILE": str(file)}):
            _told(environ)


def environment(data: bytes) -> None:
    """Variables, NAME=VALUE on each line, and the same as files of a secrets directory."""
    pairs = (line.partition("=") for line in data.decode("utf-8", "surrogateescape").split("\n"))
    environ = {f"O365_{name.strip().upper()}": value for name, _, value in pairs}
    surroundings = {name.removeprefix("O365_"): value for name, value in environ.items()}
    _told({name: text for name, text in (surroundings | environ).items() if not name.endswith(_FILES)})
    with _folder() as folder:
        for name, value in list(environ.items())[:4]:
            with suppress(OSError, ValueError):  # no name of a file
                (folder / name).write_bytes(value.encode("utf-8", "surrogateescape"))
        _told({"O365_SECRETS_DIR": str(folder)})


def _told(environ: dict[str, str]) -> None:
    try:
        load(None, environ)
    except ConfigurationError as error:
        _check(error.faults)


def _check(faults: list[str]) -> None:
    assert faults
    assert all(fault.isprintable() for fault in faults), faults


def proxies(data: bytes) -> None:
    """Addresses of proxies, and lists of who is reached without."""
    text = data.decode("utf-8", "replace")
    with suppress(UnusableError, ValueError):
        parse_proxy(text, "proxy")
    for bypass in _outcome(lambda: parse_bypasses(text), UnusableError, ValueError):
        assert bypass is not None


def certificates(data: bytes) -> None:
    """A key pair in one file or two, and authorities."""
    key_pair(data, None, None)
    key_pair(data, data, b"passphrase")
    secret_doubt(data.decode("utf-8", "replace"))
    with _folder() as folder:
        file = folder / "authority.pem"
        file.write_bytes(data)
        authority_defects(file, NOW)


def web_config(data: bytes) -> None:
    """A web configuration file, with the files that it names, which are not there."""
    with _folder() as folder:
        file = folder / "web.yml"
        file.write_bytes(data)
        try:
            parse_web_config(file)
        except WebConfigError as error:
            _check(error.faults)


def state(data: bytes) -> None:
    """A file in the folder of the state, as it is, and as the line of each source under a head that fits it."""
    with suppress(UnusableStateError):
        read_state(data, "contoso", OWNER, JOBS, NOW)
    line = data.replace(b"\n", b" ") + b"\n"
    (head, *_), _ = written(Snapshot("contoso", OWNER, Remembered(), Memory({}), ()), NOW, LongLines())
    for job in JOBS:
        about = {"collector": job.key.collector, "source": job.key.source, "fingerprint": job.source.fingerprint}
        fitting = json.loads(head) | {"sha256": sha256(line).hexdigest(), "lines": [about]}
        found = read_state(json.dumps(fitting).encode() + b"\n" + line, "contoso", OWNER, JOBS, NOW)
        assert found.refused.keys() | found.memory.polls.keys() == {job.key}


def work_file(data: bytes) -> None:
    """What a former run of backfill has read, behind a head of ours and without one."""
    head = json.dumps({"form": "backfill of o365-exporter", "version": __version__, "started_at": NOW}).encode() + b"\n"
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "history.om"
        for content in (data, head + data.replace(b"\n", b" ") + b"\n"):
            output.with_name("history.om.work").write_bytes(content)
            with suppress(WorkFileError), WorkFile.opened(output, NOW) as work:
                assert work.limits("contoso") == Remembered() or b"limits" in data


def words(data: bytes) -> None:
    """HTML of Microsoft's, of which nothing passes that runs, loads or leads into the exporter."""
    html = data.decode("utf-8", "replace")
    shown = sanitised(html)
    assert sanitised(shown) == shown or "&" in shown
    assert not re.search(
        r"<(?!/?(?:p|br|b|strong|i|em|u|s|sub|sup|blockquote|code|pre|a|ul|ol|li|dl|dt|dd|t\w+)[ >])", shown
    )
    assert not re.search(r"<[^>]* (?!href|rel|colspan|rowspan)\w+=", shown)
    assert not re.search(r"<[^>]* href=\"(?!https?:|mailto:)", shown, re.IGNORECASE)
    assert "\0" not in plain(html)


# Who asks us ------------------------------------------------------------------------------------------------


def clients(data: bytes) -> None:
    """What a client says of itself: name and password, its address, and the target of its request."""
    text = data.decode("latin-1")
    _pair(text)
    _pair(f"Basic {text}")
    neighbourhood(text)
    target = _origin_form(text)
    assert target == text or target.startswith("/")
    names_in({"subjectAltName": (("IP Address", text), ("DNS", text))})


# What Microsoft answers -------------------------------------------------------------------------------------


def body(data: bytes) -> None:
    """JSON is what ``json.loads`` makes of it, at any size, or an error with a sentence."""
    plain = _outcome(lambda: json.loads(data), ValueError, RecursionError)
    for large in (1 << 20, -1):
        with mock.patch("o365_exporter.graph.largejson.LARGE", large):
            found = _outcome(lambda: _run(decoded_in_turns(_answer(b"", data))), PollError)
        failed = isinstance(plain, tuple)
        assert isinstance(found, tuple) == failed
        assert failed or repr(found) == repr(plain)


def refusals(data: bytes) -> None:
    """An error of whichever service, by status and body, is a sentence that shows no secret."""
    response = _answer(data, data[1:], {"location": data[1:40].decode("utf-8", "replace"), "request-id": SECRET.value})
    fault_of(response)
    for error in (
        graph_error(response, WHO, ("Thing.Read.All",), NOW),
        login_error(response, WHO, SECRET, NOW),
        machine_error(response, WHO, NOW),
        download_error(response, WHO, NOW),
    ):
        assert error is None or isinstance(error, PollError | Nothing)
        assert error is None or (str(error).isprintable() and SECRET.value not in str(error))


def pages(data: bytes) -> None:
    """A list, page by page: objects, or an error with a sentence."""
    try:
        page = json.loads(data)
    except (ValueError, RecursionError):
        return

    async def fetch(_: str) -> tuple[dict[str, Any], int]:
        return (page if isinstance(page, dict) else {}), len(data)

    found = _outcome(lambda: _run(all_pages(fetch, f"{HOST}/v1.0/x", HOST, "x", LARGEST_LIST)), PollError)
    assert isinstance(found, tuple) or all(isinstance(one, dict) for one in found)


def entries(data: bytes) -> None:
    """The entries of every list of the catalogue become records and series, or an error with a sentence."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return
    listed = [one if isinstance(one, dict) else {} for one in (value if isinstance(value, list) else [value])] or [{}]
    for collector, source in SOURCES:
        if isinstance(source, ReportSource):
            continue
        listed = listed[:1] if isinstance(source, SettingsSource) else listed  # Graph has one object there
        graph = StubGraph({endpoint.route: listed for endpoint in source.endpoints})
        graph.identity = WHO  # type: ignore[assignment] # the stub's knows less
        graph.entries = {str(one.get("id")): one for one in listed}
        try:
            records = _run(polled(source, graph, now=NOW))
            samples = list(source.samples(records, {}))
        except (PollError, Nothing):
            continue
        assert all(value == value.strip() for sample in samples for value in sample.labels), collector


def token(data: bytes) -> None:
    """A token response, whose the token is, and what it allows."""
    with suppress(ValueError, RecursionError):
        content = json.loads(data)
        if isinstance(content, dict):
            with suppress(*UNUSABLE):
                Grant.of(content)
    for read in (tenant_of, roles_of):
        read(data.decode("utf-8", "replace"))


def headers(data: bytes) -> None:
    """Dates, ``Retry-After``, addresses that are redirected to, and what a scraper accepts."""
    text = data.decode("latin-1")
    http_date(text)
    for status in (b"\x07", b"\x09"):
        wait = retry_after(_answer(status, b"", {"retry-after": text}), NOW)
        assert wait is None or 0 < wait <= 900
    choose_format(text)
    accepts_gzip(text)
    origin_of(target_of(text, HOST))
    host_of(text)
    in_turns([text])
    _is_endpoint(text)
    _scheme_of(text)


def compressed(data: bytes) -> None:
    """A compressed body, in pieces that are bounded."""
    for wbits in (31, 15, -15):
        inflating = _Inflating(wbits)
        with suppress(Exception):  # httpx.DecodingError, which the layer above has a sentence for
            for piece in inflating.pieces(data):
                assert len(piece) <= 1 << 16


def report(data: bytes) -> None:
    """A file under the header of a report: every fast way of counting gives what the plain one gives."""
    whole = data if data[:1] == b"R" else _HEADER + data
    for source in REPORTS:
        fast = _folded(source, whole, 1 << 16)
        with mock.patch.object(_Table, "_fast", return_value=None):
            assert repr(fast) == repr(_folded(source, whole, 1 << 16))


def rows(data: bytes) -> None:
    """The rows of a file do not depend on where its pieces are cut."""

    def read(size: int) -> Any:
        async def collected() -> list[Any]:
            return [row async for batch in read_rows(in_pieces(data, size)) for row in batch]

        found = _outcome(lambda: _run(collected()), PollError)
        return found if isinstance(found, list) else found[0]

    assert read(1 << 16) == read(7)


def _folded(source: ReportSource, whole: bytes, size: int) -> Any:
    def folded(recipe: Recipe) -> Any:
        return _outcome(lambda: _run(fold(in_pieces(whole, size), recipe)), PollError, Unchanged)

    return [folded(recipe) for recipe in (source._week, source._day)]


def _sources() -> Iterator[tuple[str, Source[Any]]]:
    for name, collector in all_collectors().items():
        yield from ((name, source) for source in collector.sources(collector.options()))


SOURCES = tuple(_sources())
JOBS = tuple(Job(Key("contoso", name, source.name), source, 1000) for name, source in SOURCES)
OWNER = StateOwner("1234", "global", "1234-app", HOST, HOST)
REPORTS = tuple(source for _, source in SOURCES if isinstance(source, ReportSource))[:3]

_FILES = ("_FILE", "_DIR", "CONFIG")
"""Ends of names of variables that name a file."""

_POISON = (b"", b"\0", b"\xff\xfe", b"[" * 20_000, b'{"a":' * 20_000, b"9" * 5_000, b"\xef\xbb\xbf", b'"' * 99)
PARSERS: dict[str, Parser] = {
    "work file": Parser(
        work_file,
        ("backfill/work.py",),
        (
            b'{"tenant": "contoso", "limits": {"uses": [], "closed": []}}\n{"key": ["contoso", "a"], "records": 1}',
            b'{"key": 1}',
        ),
    ),
    "words": Parser(
        words,
        (),
        (
            b'<p onclick="x()">a <b>b</b><script>c</script><a href="javascript:d">e</a><h1>f</h1>&lt;g&amp;',
            b'<a href="/-/reload"><svg><math><style></p><!--<img src=x>--><table><td colspan=2>',
        ),
    ),
    "checks": Parser(
        checks,
        ("probing/asking.py",),
        (
            b"@-1.5:~",
            b"%{status} =~ /a(b|c/i && (%{used} > -3 * 2 or 'a%{status}' eq \"b\")",
            b'o365_a{b="c\\n\\"d",tenant="e"} 1.0\no365_b 2\no365_a{} +Inf',
            b"https://u@[::1]:99999/a?b",
            b"Tue, 10 Mar 2026 12:00:00 GMT",
        ),
    ),
    "toml": Parser(
        toml, ("settings/tomlfile.py",), (b'a = "b"\n[tenants.a]\ntenant_id = "a.com"', b"a=" + b"9" * 5_000)
    ),
    "settings file": Parser(
        settings_file,
        ("settings/load.py", "settings/values.py", "web/options.py"),
        (
            b'tenant_id = "a.com"\nclient_id = "1"\nclient_secret = "x"\nlabels = {a = "b"}',
            b"[" + b"a." * 5_000 + b"a]",
        ),
    ),
    "environment": Parser(
        environment,
        ("settings/sources.py", "settings/surroundings.py"),
        (
            b"TENANT_ID=a.com\nCLIENT_ID=1\nCLIENT_SECRET=x\nLABELS={}",
            b"A__B=[[",
            b"HTTPS_PROXY=http://[::1\nNO_PROXY=[",
        ),
    ),
    "web config": Parser(
        web_config,
        ("web/webfile.py", "web/webconfig.py"),
        (
            b"tls_server_config:\n  cert_file: a.pem\n  key_file: b.pem\n  min_version: TLS12\n",
            b"\xf0\x91\x94\x80: a\n\xe2\x80\xae: b\n",
            b"basic_auth_users:\n  ann: $2b$04$abcdefghijklmnopqrstuu\nhttp_server_config: {headers: {a: b}}\n",
        ),
    ),
    "state": Parser(
        state,
        ("state/form.py",),
        (
            b'{"format": "o365-exporter state", "version": 1, "lines": []}\n',
            b'{"state": "ok", "message": "", "cause": null, "told": false, "taken_at": 1, "attempted_at": 1, '
            b'"next_run": 2, "duration": 1, "remarks": [], "failures": {}, "failures_in_a_row": 0, "records": null, '
            b'"unfinished": null}',
        ),
    ),
    "packed": Parser(
        packed,
        ("collectors/message_center/records.py",),
        (b"eJyzKbCzKbDRBwAK9gLZ", b"eJwDAAAAAAE=", base64.b64encode(zlib.compress(b"a" * 10_000_000))),
    ),
    "clients": Parser(
        clients,
        ("web/passwords.py", "web/conversation.py", "web/places.py", "web/tls.py"),
        (b"Basic YW5uOnB3", b"fe80::1%eth0", b"http://a.example/metrics?tenant=%41", b"::ffff:10.0.0.1"),
    ),
    "proxies": Parser(proxies, ("http/proxies.py",), (b"http://u:p@[::1]:80", b"10.0.0.0/8, .a.com, *, [::1]")),
    "certificates": Parser(
        certificates,
        ("login/credentials/keypair.py", "login/credentials/secret.py", "http/trust.py"),
        (b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", b"0\x82\x01\x00\x02\x01\x03"),
    ),
    "body": Parser(body, ("graph/largejson.py", "http/bodies.py"), (b'{"value": [{"a": 1}, {}]}', b'{"a": NaN}')),
    "refusals": Parser(
        refusals,
        ("graph/answers.py", "graph/refusals.py", "login/refusals.py", "fields.py"),
        (
            b'\x03{"error": {"code": "x", "message": "{\\"error\\": {\\"code\\": \\"y\\"}}", "innerError": {}}}',
            b'\x03{"error": "invalid_client", "error_description": "AADSTS7000215: no. Trace ID: 1"}',
            b"\x05<html><title>proxy</title>",
        ),
    ),
    "pages": Parser(
        pages, ("graph/paging.py",), (b'{"value": [{}], "@odata.nextLink": "https://graph.microsoft.com/x"}',)
    ),
    "entries": Parser(
        entries,
        ("fields.py",),
        (
            b'[{"id": "a", "service": "b", "status": "serviceOperational", "startDateTime": "2026-03-10T00:00:00Z"}]',
            b'[{"appId": "a", "passwordCredentials": [{"keyId": "k", "endDateTime": "2026-03-10T00:00:00Z"}]}]',
            b'[{"skuId": "a", "skuPartNumber": "b", "consumedUnits": 1, "prepaidUnits": {"enabled": 1}}]',
            b'[{"id": "a", "service": "b", "status": "c", "title": "' + b"a" * 199 + b' b"}]',
        ),
    ),
    "token": Parser(
        token,
        ("login/claims.py",),
        (b'{"access_token": "a.e30.b", "expires_in": "3599"}', b"a.W1s.b", b"a." + b"W1tb" * 9_000 + b".b"),
    ),
    "headers": Parser(
        headers,
        ("http/skew.py", "http/addresses.py", "http/names.py", "login/entra.py", "graph/download.py"),
        (
            b"Wed, 21 Oct 2026 07:28:00 GMT",
            b"1.5",
            b"application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1",
            b"https://[::1",
        ),
    ),
    "compressed": Parser(compressed, ("http/inflating.py",), (b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0",)),
    "report": Parser(
        report,
        ("reports/tables.py", "reports/columns.py"),
        (b"2026-03-10,a,False,,2026-03-10,7\r\n", b'2026-03-10,"a\n",No,,,\r\n'),
    ),
    "rows": Parser(rows, ("reports/tables.py",), (b'a,b\r\n"1\n",2\r\n', b'a,b\n"1,2\n3,4\n')),
}
"""By name; each also begins with what has been poison before."""


def seeds(name: str) -> list[bytes]:
    """What to begin with for one parser."""
    return [*PARSERS[name].seeds, *_from_simulator().get(name, ()), *_POISON]


@cache
def _from_simulator() -> dict[str, list[bytes]]:
    """What a simulated Microsoft gives out: lists, errors and report files."""
    tenant = Simulator(FakeClock(), SimulatorOptions.many(1, users=6)).tenants["contoso"]
    lists = (tenant.applications, tenant.skus, tenant.subscriptions, tenant.services, tenant.issues)
    parts = [list(one.values())[:2] for one in lists]
    files = []
    for source in REPORTS:
        function = str(source.endpoints[0].counted_as)
        edition = tenant.edition(function, "D7", tenant.refresh_date(function), Style())
        files.append(b"".join(edition.pieces()).removeprefix(codecs.BOM_UTF8))
    pages = [json.dumps({"value": part}, default=str).encode() for part in parts]
    return {
        "entries": [json.dumps(part, default=str).encode() for part in parts],
        "body": pages,
        "pages": pages,
        "report": files,
        "rows": files,
    }


def quiet() -> None:
    """No log lines, of which a fuzzer would make thousands a second."""
    logs.configure(logs.LogOptions(level="error"))
