"""Everything that can go wrong on the way to Microsoft and back, and what the exporter is to make of it.

This is the one list behind the fault matrix: ``tests/faults`` inflicts each trouble on each source of the catalogue
that it can meet, and ``make_faults`` writes it as a page. A new source is in the matrix because it is in the catalogue.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Literal

from o365_exporter.catalogue import all_collectors
from o365_exporter.graph import Endpoint
from o365_exporter.resources import Newest, ResourceSource
from o365_exporter.simulator.aadsts import KNOWN_CODES
from o365_exporter.source import Source

Class = Literal["list", "page", "object", "report"]
"""What a source reads: all entries of a list, its first page alone, one object, or the file of a report."""

Place = Literal["login", "graph", "file"]
"""The host that is at fault: where tokens are, where Graph is, where the files of reports are."""

Kind = Literal["transport", "login", "answer", "JSON", "paging", "file", "echo"]

Fault = Mapping[str, Any]
"""Fields of the simulator's ``Fault``, but for what says which requests it meets."""

BY_TLS = ("expired", "other host", "unknown authority", "defective authority")
"""What a front can show in place of a good certificate."""

EVERYWHERE: tuple[Place, ...] = ("login", "graph", "file")


@dataclass(frozen=True)
class Trouble:
    """One thing that goes wrong.

    Args:
        name: for people.
        kind: which part of the matrix it belongs to.
        states: what a source becomes that meets it, by its name or its collector, by place and class, by either, or for
            all (``*``); ``ok`` where the exporter gets over it by itself.
        at_start: what it becomes where nothing was known before; empty where that is the same.
        places: hosts at which it happens.
        classes: of source that can meet it there.
        faults: of the simulator.
        front: what stands before the host and does it instead; see ``tests/faults/front.py``.
        says: words that the sentence must have.
        hasty: what the client waits for in real time, only for a moment: ``connect`` or ``read``.
        measured: whether the memory that it takes is looked at.
    """

    name: str
    kind: Kind
    states: Mapping[str, str]
    places: tuple[Place, ...] = ("graph",)
    classes: tuple[Class, ...] = ("list", "page", "object", "report")
    faults: Sequence[Fault] = ()
    front: str = ""
    says: str = ""
    at_start: str = ""
    hasty: Literal["", "connect", "read"] = ""
    measured: bool = False

    def state(self, place: Place, collector: str, source: str, kind: Class) -> str:
        """What a source of a class becomes."""
        if place == "login":
            return self.states.get(place, self.states["*"])
        keys = (f"{place} {collector}", f"{collector}.{source}", collector, f"{place} {kind}", place, kind, "*")
        return next(self.states[key] for key in keys if key in self.states)


@dataclass(frozen=True)
class Cell:
    """One trouble at one place, and a source that meets it."""

    trouble: Trouble
    place: Place
    collector: str
    source: str
    kind: Class

    @property
    def state(self) -> str:
        """What the source becomes."""
        return self.trouble.state(self.place, self.collector, self.source, self.kind)

    def __str__(self) -> str:
        return f"{self.collector}.{self.source} / {self.trouble.name} at {self.place}"


def class_of(source: Source[Any]) -> Class:
    """What a source reads first."""
    kind = kind_of(source.endpoints[0])
    newest = isinstance(source, ResourceSource) and isinstance(source.resource.take, Newest)
    return "page" if kind == "list" and newest else kind


def kind_of(endpoint: Endpoint) -> Class:
    """What an endpoint answers with: Graph's lists have names in the plural."""
    if endpoint.answers == "file":
        return "report"
    last = endpoint.route.rpartition("/")[2]
    return "list" if last.endswith("s") and last != "reportSettings" else "object"


def sources() -> Iterator[tuple[str, Source[Any]]]:
    """Every source with the name of its collector."""
    for name, collector in all_collectors().items():
        for source in collector.sources(collector.options()):
            yield name, source


def cells(trouble: Trouble) -> Iterator[Cell]:
    """Where a trouble can happen."""
    for collector, source in sources():
        kind = class_of(source)
        for place in trouble.places:
            if kind in trouble.classes and (place != "file" or kind == "report"):
                yield Cell(trouble, place, collector, source.name, kind)


def representative(trouble: Trouble) -> Iterator[Cell]:
    """Each trouble once at each place with each class of source that differs there; another source each time."""
    found: dict[tuple[Place, Class | str], list[Cell]] = {}
    for cell in cells(trouble):
        told_apart = cell.kind if cell.place != "login" and trouble.kind != "echo" else ""
        found.setdefault((cell.place, told_apart), []).append(cell)
    turn = next(number for number, one in enumerate(TROUBLES) if one is trouble)
    for group in found.values():
        yield group[turn % len(group)]


# The list ------------------------------------------------------------------------------------------------------


def _all(state: str, **others: str) -> dict[str, str]:
    return {"*": state, **others}


def _transport() -> Iterator[Trouble]:
    def one(name: str, state: str, front: str = "", **more: Any) -> Trouble:
        states = {"*": state, **more.pop("states", {})}
        return Trouble(name, "transport", states, more.pop("places", EVERYWHERE), front=front, **more)

    def wire(name: str, state: str, wire: str, **more: Any) -> Trouble:
        states = {} if wire == "broken_connection" else {"graph report": "ok"}  # of a redirect the head is enough
        if wire == "drip":
            states = {**states, "exchange_usage.mailbox_quota": "ok"}  # a report may take 900 s, and this one is short
        return one(name, state, faults=({"wire": wire},), states=states, **more)

    yield one("connection refused", "network", "refuse", says="cannot be reached")
    yield one("connection reset before the answer", "network", "reset", says="closed the connection")
    yield one("name does not resolve", "network", "no name", says="cannot resolve")
    yield one("no TCP connection", "timeout", "swallow", hasty="connect", says="No TCP connection")
    yield one("no answer", "timeout", "silent", hasty="read", says="gave no answer within")
    yield one("answer after an hour", "timeout", faults=({"delay": 3600.0},))
    yield one("certificate expired", "tls", "expired", says="expired")
    yield one("certificate of another host", "tls", "other host", says="is not trusted")
    yield one("certificate of an unknown authority", "tls", "unknown authority", says="is not trusted")
    yield one("certificate of a defective authority", "tls", "defective authority", says="RFC 5280")
    yield wire("connection broken before the answer", "network", "broken_connection", says="closed the connection")
    yield wire("reset in the middle of the body", "truncated", "reset_body", says="broke off")
    yield wire("cut, with a length", "truncated", "cut_length", says="broke off")
    yield wire("cut, chunked", "truncated", "cut_chunked", says="broke off")
    yield wire("cut, neither length nor chunks", "truncated", "cut_close", places=("file",), says="neither the length")
    yield wire("a byte a second", "timeout", "drip", says="the rest of|gave no more")
    yield wire("marked as gzip, and is none", "unexpected_answer", "wrong_gzip", says="compressed")
    yield wire("compressed bomb", "unexpected_answer", "bomb", says="larger than|more than", measured=True)

    def raw(name: str, text: str, state: str = "network", **more: Any) -> Trouble:
        return one(name, state, faults=({"raw": text},), **more)

    yield raw("another protocol", "SSH-2.0-OpenSSH_9.6\r\n")
    yield raw("endless headers", "HTTP/1.1 200 OK\r\n" + "".join(f"x-{n}: {'y' * 1000}\r\n" for n in range(300)))
    yield raw("a length of 5 000 digits", f"HTTP/1.1 200 OK\r\ncontent-length: {'9' * 5000}\r\n\r\n{{}}")
    yield raw("a chunk of no size", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n", "truncated")
    yield raw("a status of 999", "HTTP/1.1 999 Whatever\r\ncontent-length: 2\r\n\r\n{}", "unexpected_answer")
    yield raw("a status that is no number", "HTTP/1.1 two OK\r\ncontent-length: 2\r\n\r\n{}")
    yield raw(
        "a bomb within a bomb",
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip, gzip, gzip, gzip\r\ncontent-length: 2\r\n\r\n{}",
        "unexpected_answer",
    )


def _statuses() -> Iterator[Trouble]:
    def one(name: str, state: str, *faults: Fault, says: str = "", places: Any = ("graph",), **states: str) -> Trouble:
        return Trouble(name, "answer", {"*": state, **states}, places, faults=faults, says=says)

    alone, retired = "that it takes elsewhere", {"skype_usage": "unsupported"}
    yield one("400", "unexpected_answer", {"status": 400}, **retired)
    yield one("401 once", "ok", {"status": 401, "count": 1})
    yield one("401 of one endpoint alone", "unavailable", {"status": 401}, says=alone)
    challenge = {"WWW-Authenticate": 'Bearer error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="'}
    yield one("401 with a claims challenge", "auth", {"status": 401, "headers": challenge})
    yield one("403", "permission", {"status": 403}, report_settings="unsupported")
    yield one("403 without a reason", "permission", {"status": 403, "text": ""}, report_settings="unsupported")
    yield one("404", "unexpected_answer", {"status": 404}, **retired)
    yield one("404 without a body", "unexpected_answer", {"status": 404, "text": ""})
    yield one("405", "unexpected_answer", {"status": 405})
    yield one("410", "unexpected_answer", {"status": 410})
    for name, wait in (
        ("seconds", "5"),
        ("a fraction", "4.5"),
        ("nothing", None),
        ("a negative number", "-5"),
        ("a day", "86400"),
        ("no number", "soon"),
        ("NaN", "nan"),
        ("infinity", "inf"),
        ("5 000 digits", "9" * 5000),
    ):
        asked: Fault = {} if wait is None else {"retry_after": wait}
        yield one(f"429, Retry-After: {name}", "throttled", {"status": 429, **asked}, places=("graph", "file"))
    yield one("429, Retry-After: a date", "throttled", {"status": 429, "retry_after_date": 5.0})
    yield one("429, Retry-After: a date gone by", "throttled", {"status": 429, "retry_after_date": -5.0})
    yield one("429 once", "ok", {"status": 429, "retry_after": 3, "count": 1}, places=EVERYWHERE)
    for status in (500, 502, 503, 504):
        yield one(f"{status}", "unavailable", {"status": status}, places=EVERYWHERE)
    yield one("501", "unavailable", {"status": 501}, places=EVERYWHERE, graph="unexpected_answer")
    yield one("503, Retry-After: seconds", "unavailable", {"status": 503, "retry_after": 5}, places=EVERYWHERE)
    yield one("503, Retry-After: a day", "unavailable", {"status": 503, "retry_after": 86400}, places=EVERYWHERE)
    yield one("503 once", "ok", {"status": 503, "count": 1}, places=EVERYWHERE)
    for name, place in (
        ("another host", "https://elsewhere.example/v1.0/x"),
        ("http", "http://graph.microsoft.com/v1.0/x"),
        ("a private address", "http://169.254.169.254/metadata/identity"),
        ("a file of this machine", "file:///etc/passwd"),
        ("a host of 5 000 letters", f"https://{'x' * 5000}.example/"),
        ("a port of 5 000 digits", f"https://elsewhere.example:{'9' * 5000}/"),
    ):
        fault = {"status": 302, "text": "", "headers": {"Location": place}}
        yield one(f"redirect to {name}", "refused_redirect", fault, places=EVERYWHERE)
    nowhere = {"graph report": "unexpected_answer"}
    yield one(
        "redirect without an address", "refused_redirect", {"status": 302, "text": ""}, places=EVERYWHERE, **nowhere
    )


def _answers() -> Iterator[Trouble]:
    """Answers of Graph and of its login that are not what was asked for."""

    def one(name: str, state: str, fault: Fault, places: Any = ("login", "graph"), **more: Any) -> Trouble:
        return Trouble(name, "JSON", {"*": state, **more.pop("states", {})}, places, faults=(fault,), **more)

    wrong = "unexpected_answer"
    for page in ("login", "proxy", "gateway"):
        yield one(
            f"page of a {page} with 200", wrong, {"page": page}, EVERYWHERE, says="web page|no address of a file|lacks"
        )
    yield one(
        "empty body", "unavailable", {"text": ""}, states={"graph report": "unexpected_answer", "graph page": "no_data"}
    )
    yield one("JSON cut", wrong, {"invalid_json": True}, classes=("list", "page", "object"))
    for name, text in (
        ("a list", "[]"),
        ("a number", "7"),
        ("null", "null"),
        ("a text", '"canary"'),
        ("NaN", "NaN"),
        ("a number of 5 000 digits", "1" * 5000),
        ("brackets 100 000 deep", "[" * 100_000),
        ("objects 100 000 deep", '{"value":' * 100_000),
        ("words", "canary"),
        ("NUL bytes", "\0" * 100),
    ):
        yield one(f"JSON that is {name}", wrong, {"text": text})
    yield one("invalid UTF-8", wrong, {"text": '{"value":[{"id":"\xff\xfe"}]}', "charset": "latin-1"})
    yield one("a text of 10 MB", wrong, {"text": "x" * 1000, "repeat": 10_000}, measured=True)
    for name, value in (
        ("NaN", "NaN"),
        ("infinity", "-Infinity"),
        ("an integer of 5 000 digits", "9" * 5000),
        ("1e400", "1e400"),
        ("brackets 500 deep", "[" * 500 + "]" * 500),
        ("a text of 1 MB", json.dumps("x" * 1_000_000)),
    ):
        asked = {field for _, source in sources() for endpoint in source.endpoints for field in endpoint.select}
        names = sorted(asked | {"id", "service", "status", "startDateTime"})  # issues are asked for with all fields
        entry = "{" + ",".join(f'"{field}":{value}' for field in names) + "}"
        text = f'{{"value":[{entry}],"displayConcealedNames":{value}}}'
        yield one(f"fields that are {name}", wrong, {"text": text}, ("graph",))


def _contents() -> Iterator[Trouble]:
    def one(name: str, states: dict[str, str], fault: Fault, classes: Any = ("list", "page", "object")) -> Trouble:
        return Trouble(name, "JSON", states, ("graph",), classes, faults=(fault,))

    wrong = "unexpected_answer"
    yield one("members that are unknown", _all("ok"), {"set": {"value.*.brandNew": {"a": [1]}, "brandNew": 7}})
    absent = {**_all(wrong), "page": "ok"}  # what has no value has no series, and no list is in doubt
    yield one("entries without fields", absent, {"remove": ("value.*.*", "displayConcealedNames")})
    yield one("fields that are null", absent, {"null": ("value.*.*", "displayConcealedNames")})
    yield one("fields of another type", _all(wrong), {"set": {"value.*.*": ["x"], "displayConcealedNames": ["x"]}})
    yield one("entries that are no objects", _all(wrong), {"set": {"value.*": 7}}, ("list", "page"))
    yield one("no list", _all(wrong), {"remove": ("value",)}, ("list", "page"))
    yield one("a list that is null", _all(wrong), {"null": ("value",)}, ("list", "page"))
    yield one("a list that is an object", _all(wrong), {"set": {"value": {}}}, ("list", "page"))
    none_open = {"service_health.issues": "ok"}
    empty = one("a list that is suddenly empty", {"*": wrong, **none_open}, {"set": {"value": []}}, ("list",))
    yield replace(empty, at_start="no_data")
    yield one("an error under 200", _all(wrong), {"text": '{"error":{"code":"canary","message":"x"}}'})
    odd = "EX1/../..?x=\N{LATIN SMALL LETTER E WITH ACUTE}#%2f\\"
    yield one("ids of odd characters", _all("ok"), {"set": {"value.*.id": odd}}, ("list",))
    yield one(
        "ids that no address can hold",
        {"*": "ok", "service_health.issues": wrong, "message_center": wrong},
        {"set": {"value.*.id": "EX1\r\nX: y\0"}},
        ("list",),
    )
    yield one(
        "ids of 10 000 letters",
        {"*": "ok", "service_health.issues": wrong, "message_center": wrong},
        {"set": {"value.*.id": "x" * 10_000}},
        ("list",),
    )
    yield one("the same id everywhere", _all("ok"), {"set": {"value.*.id": "EX1"}}, ("list",))


def _paging() -> Iterator[Trouble]:
    def one(name: str, state: str, *faults: Fault, others: Mapping[str, str] | None = None, **more: Any) -> Trouble:
        return Trouble(name, "paging", {"*": state, **(others or {})}, ("graph",), ("list",), faults=faults, **more)

    yield one("next link: this page", "unexpected_answer", {"next_link": "loop"}, says="comes back to a page")
    yield one("next link: another host", "refused_redirect", {"next_link": "foreign"}, says="the token stays here")
    yield one(
        "next link: without end",
        "unexpected_answer",
        {"next_link": "endless"},
        others=dict.fromkeys(("service_health", "credential_expiry"), "throttled"),
        measured=True,
    )
    for name, address in (
        ("a private address", "http://169.254.169.254/v1.0/x"),
        ("with a user", "https://graph.microsoft.com@elsewhere.example/x"),
        ("no address", "canary"),
        ("of 1 MB", "https://elsewhere.example/" + "x" * 1_000_000),
        ("a port of 5 000 digits", f"https://graph.microsoft.com:{'9' * 5000}/"),
    ):
        yield one(f"next link: {name}", "refused_redirect", {"next_link": address})
    yield one(
        "next link: no text",
        "unexpected_answer",
        {"set": {"@odata.nextLink": 7}},
        says="next link",
    )
    later = {"query": "*page=*"}
    first = {"next_link": "endless", "query": "*", "count": 1}
    for name, state, fault in (
        ("429", "throttled", {"status": 429, "retry_after": 5}),
        ("429 longer than the deadline", "throttled", {"status": 429, "retry_after": 120}),
        ("503", "unavailable", {"status": 503}),
        ("400", "unexpected_answer", {"status": 400}),
        ("410", "unexpected_answer", {"status": 410}),
        ("empty body", "unavailable", {"text": ""}),
        ("cut", "truncated", {"wire": "cut_chunked"}),
    ):
        yield one(f"second page: {name}", state, {**fault, **later}, {**first, "count": None})


def _logins() -> Iterator[Trouble]:
    def one(name: str, state: str, fault: Fault, **more: Any) -> Trouble:
        return Trouble(name, "login", {"*": state}, ("login",), faults=(fault,), **more)

    for code in sorted(KNOWN_CODES):
        yield one(f"AADSTS{code}", _ENTRA.get(code, "auth"), {"aadsts": code}, says=str(code))
    for name, value in (("0", 0), ("negative", -3600), ("a text", "soon"), ("huge", 10**30), ("null", None)):
        yield one(
            f"expires_in: {name}",
            "ok" if isinstance(value, int) else "unexpected_answer",
            {"set": {"expires_in": value}},
        )
    yield one("no access_token", "unexpected_answer", {"remove": ("access_token",)})
    for name, token in (("a number", 7), ("empty", ""), ("a line break", "eyJ0\r\nX: y"), ("of 1 MB", "x" * 1_000_000)):
        yield one(f"access_token: {name}", "unexpected_answer", {"set": {"access_token": token}})
    for status in (400, 401, 403, 404, 429):
        state = "throttled" if status == HTTPStatus.TOO_MANY_REQUESTS else "unexpected_answer"
        yield one(f"login: {status}, a page", state, {"status": status, "page": "proxy"})


_ENTRA: Mapping[int, str] = {50196: "throttled", **dict.fromkeys((50000, 90012, 90030, 90033), "unavailable")}
"""States of codes that are no fault of the app's; the others are ``auth``."""


_OF_FILES: Mapping[str, Mapping[str, str]] = {
    "no_numbers": {"exchange_usage.mailbox_usage": "unexpected_answer"},
    "header_again": {"exchange_usage.mailbox_quota": "ok"},
    "rows_twice": {"exchange_usage.mailbox_quota": "ok"},
}
"""What depends on the report. Numbers are in the file of one day, where there is one, and its week is served without;
where a row is one day for everybody, the newest is read, and the same rows again change nothing."""


def _files() -> Iterator[Trouble]:
    def one(name: str, state: str, fault: Fault, others: Mapping[str, str] | None = None) -> Trouble:
        return Trouble(name, "file", {"*": state, **(others or {})}, ("file",), ("report",), faults=(fault,))

    wrong = "unexpected_answer"
    for spoiling, state in (
        ("empty", wrong),
        ("header_only", wrong),
        ("header_changed", wrong),
        ("header_again", wrong),
        ("column_gone", "ok"),
        ("column_new", "ok"),
        ("rows_twice", wrong),
        ("row_cut", "truncated"),
        ("stray_quote", "ok"),
        ("quoted_newlines", wrong),
        ("nul", "ok"),
        ("invalid_utf8", wrong),
        ("long_line", wrong),
        ("no_numbers", "ok"),
        ("far_dates", wrong),
    ):
        trouble = one(f"file: {spoiling.replace('_', ' ')}", state, {"csv": spoiling}, others=_OF_FILES.get(spoiling))
        yield replace(trouble, at_start="no_data" if spoiling == "header_only" else "")
    yield one("file: an error in JSON", wrong, {"text": '{"error":{"code":"canary","message":"x"}}'})
    for status, state in ((400, wrong), (401, wrong), (403, wrong), (404, wrong), (410, wrong)):
        yield one(f"file: {status}", state, {"status": status})
    for name, etag in (
        ("odd characters", '"a\N{LATIN SMALL LETTER E WITH ACUTE}\t b"'),
        ("10 KB", f'"{"x" * 10_000}"'),
    ):
        yield one(f"ETag of {name}", "ok", {"headers": {"ETag": etag}})


def _echoes() -> Iterator[Trouble]:
    """What was sent comes back, where people will see it."""
    sent: dict[Place, str] = {"login": "secret", "graph": "token", "file": "ticket"}
    for place, what in sent.items():
        for how in ("plain", "cut", "upper", "quoted", "unquoted", "escaped", "base64"):
            for where, (fault, states) in _mirrors(f"{{sent:{what}:{how}}}").items():
                yield Trouble(f"{what} comes back ({how}) {where}", "echo", states, (place,), faults=(fault,))
        host = f"{{sent:{what}:host}}"
        fault = {"status": 302, "text": "", "headers": {"Location": f"https://{host}.example/{host}"}}
        yield Trouble(f"{what} comes back as a host", "echo", _all("refused_redirect"), (place,), faults=(fault,))
    for how, repeats in (("plain", True), ("cut", False), ("decoded", False)):
        gap = f"{{sent:token:{how}}}"
        yield _echo_in_json(
            f"token comes back ({how}) in a next link",
            "unexpected_answer" if repeats else "refused_redirect",
            {"next_link": f"https://{{sent:token:host}}.example/{gap}"},
            "list",
        )
        fields = {"value.*.*": [gap], "displayConcealedNames": gap}
        name = f"token comes back ({how}) in fields of another type"
        yield _echo_in_json(name, "unexpected_answer", {"set": fields}, "list", "page", "object")
    named = {f"value.*.{field}": "{sent:token}" for field in ("displayName", "title", "service", "skuPartNumber")}
    yield _echo_in_json("token comes back as a name", "unexpected_answer", {"set": named}, "list")


def _echo_in_json(name: str, state: str, fault: Fault, *classes: Class) -> Trouble:
    return Trouble(name, "echo", {"*": state}, classes=classes, faults=(fault,))


def _mirrors(gap: str) -> dict[str, tuple[Fault, Mapping[str, str]]]:
    """Where a text comes back, and what becomes of it."""
    said = {"error": {"code": gap, "message": f"you sent {gap} to us"}}
    entra = {"error": "invalid_client", "error_description": f"AADSTS1234567: {gap} is wrong"}
    refused = {"WWW-Authenticate": f"Bearer {gap}"}
    wrong = "unexpected_answer"
    return {
        "in the status line": ({"raw": f"HTTP/1.1 {gap} OK\r\ncontent-length: 2\r\n\r\n{{}}"}, _all("network")),
        "in a header line": ({"raw": f"HTTP/1.1 200 OK\r\n{gap} {gap}\r\n\r\n{{}}"}, _all("network")),
        "in the error": (
            {"status": 400, "text": json.dumps(said)},
            _all(wrong, login="auth", **{"graph skype_usage": "unsupported"}),
        ),
        "in Entra ID's words": (
            {"status": 401, "text": json.dumps(entra)},
            _all(wrong, login="auth", graph="unavailable"),
        ),
        "in a page": ({"status": 500, "text": f"<html><body>{gap}</body></html>"}, _all("unavailable")),
        "in a text with 200": ({"text": f"hello {gap}"}, _all(wrong)),
        "in a header": ({"status": 401, "text": gap, "headers": refused}, _all(wrong, graph="unavailable")),
    }


TROUBLES: tuple[Trouble, ...] = (
    *_transport(),
    *_statuses(),
    *_answers(),
    *_contents(),
    *_paging(),
    *_logins(),
    *_files(),
    *_echoes(),
)
"""All of it."""
