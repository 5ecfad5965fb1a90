"""Which proxy a URL goes through, and what can be written as its address and as an exception to it."""

from __future__ import annotations

import base64
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from o365_exporter.http import ConnectionOptions, Proxies, Surroundings, open_http, parse_bypasses, parse_proxy
from o365_exporter.http.client import Request
from o365_exporter.texts import UnusableError
from tests.http.loopback import Proxy, answer, listening

GRAPH = "https://graph.microsoft.com/v1.0/users?$top=1"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://proxy.example:3128", "http://proxy.example:3128"),
        ("http://proxy.example:3128/", "http://proxy.example:3128"),
        ("HTTP://Proxy.Example:3128", "http://proxy.example:3128"),
        ("http://proxy", "http://proxy:80"),
        ("https://proxy", "https://proxy:443"),
        ("http://none:3128", "http://none:3128"),
        ("https://proxy.example:8443", "https://proxy.example:8443"),
        ("proxy.example:3128", "http://proxy.example:3128"),
        ("proxy", "http://proxy:80"),
        ("http://10.0.0.1:8080", "http://10.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("[fd00::1]:8080", "http://[fd00::1]:8080"),
        ("http://proxy_1.example.:80", "http://proxy_1.example:80"),
        ("http://xn--bcher-kva.example:80", "http://xn--bcher-kva.example:80"),
    ],
)
def test_addresses_of_proxies(text: str, url: str) -> None:
    """What people write is understood as curl understands it, and httpx takes it."""
    proxy = parse_proxy(text, "HTTPS_PROXY")
    assert (proxy.url, proxy.authorization) == (url, "")
    assert httpx.Proxy(proxy.url).url.raw_host


@pytest.mark.parametrize(
    ("login", "pair"),
    [
        ("me:secret", b"me:secret"),
        ("me", b"me:"),
        ("me:", b"me:"),
        (":secret", b":secret"),
        ("me:a:b", b"me:a:b"),
        ("me:p%40ss%2Fw%23rd%3F%20", b"me:p@ss/w#rd? "),
        ("me:50%25", b"me:50%"),
        ("me:pässword", "me:pässword".encode()),
        ("me:p%E4ss", b"me:p\xe4ss"),
        ("DOMAIN%5Cme:secret", b"DOMAIN\\me:secret"),
        ("me:!$&'()*+,;=~^{|}[]<>`", b"me:!$&'()*+,;=~^{|}[]<>`"),
    ],
)
def test_user_and_password_of_a_proxy(login: str, pair: bytes) -> None:
    """They reach the proxy byte by byte, and show nowhere else."""
    proxy = parse_proxy(f"http://{login}@proxy.example:3128", "HTTPS_PROXY")
    assert base64.b64decode(proxy.authorization.removeprefix("Basic ")) == pair
    assert (proxy.url, str(proxy)) == (
        "http://proxy.example:3128",
        "the proxy http://proxy.example:3128 (HTTPS_PROXY)",
    )
    assert proxy.authorization not in repr(proxy)


SPECIAL = "has a special character in its user or password"
MORE = "has more in it than user, password, host and port"
PORT = "has a port that is no number from 1 to 65535"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('"http://proxy.example:3128"', "has quotes around it"),
        ("'http://proxy.example:3128'", "has quotes around it"),
        ("socks5://127.0.0.1:1080", "is a SOCKS proxy, which is not supported"),
        ("socks://127.0.0.1:1080", "is a SOCKS proxy, which is not supported"),
        ("SOCKS5h://canary@127.0.0.1:1080", "is a SOCKS proxy, which is not supported"),
        ("ftp://proxy.example", "is not the address of an HTTP proxy"),
        ("://proxy.example", "is not the address of an HTTP proxy"),
        ("http://proxy:port", PORT),
        ("http://proxy:0", PORT),
        ("http://proxy:65536", PORT),
        ("http://proxy:-1", PORT),
        ("http://proxy:", PORT),
        ("http://proxy:٣١٢٨", PORT),
        ("http://proxy:" + "9" * 5000, PORT),
        ("http://svc:canary", PORT),
        ("http://::1:3128", PORT),
        ("http://svc:Secret?canary@proxy.example:3128", SPECIAL),
        ("http://svc:pa#canary@proxy.example:3128", SPECIAL),
        ("http://svc-m365:p%40ss:w%23rd%/canary@proxy.example:3128", SPECIAL),
        ("http://svc:canary@x@proxy.example:3128", SPECIAL),
        ("http://svc:can ary@proxy.example:3128", SPECIAL),
        ("http://svc:can\tary@proxy.example:3128", SPECIAL),
        ("http://DOMAIN\\svc:canary@proxy.example:3128", SPECIAL),
        ("svc:ca/nary@proxy.example:3128", SPECIAL),
        ("http://svc:Secret?canary", MORE),
        ("http://proxy.example:3128/path", MORE),
        ("http://proxy.example:3128//", MORE),
        ("http://proxy.example:3128?x", MORE),
        ("http://proxy.example :3128", MORE),
        ("http://", "names no host"),
        ("http://@", "names no host"),
        ("http://u:canary@:3128", "names no host"),
        ("http://.:3128", "names no host"),
        ("http://a..b:3128", "names no host"),
        ("http://300.1.1.1:3128", "names no host"),
        ("http://{proxy}:3128", "names no host"),
        ("http://bücher.example:3128", "names no host"),
        ("http://$PROXY:3128", "names no host"),
        ("http://[:3128", "has its brackets in the wrong place"),
        ("http://[::1]x:3128", "has its brackets in the wrong place"),
        ("http://[10.0.0.1]:3128", "has no IPv6 address in its brackets"),
        ("http://[]:3128", "has no IPv6 address in its brackets"),
    ],
)
def test_what_is_no_address_of_a_proxy(text: str, what: str) -> None:
    """It is refused with what is wrong and what to write, and nothing of it is quoted."""
    with pytest.raises(UnusableError) as refused:
        parse_proxy(text, "HTTPS_PROXY")
    assert refused.value.what == what
    assert refused.value.remedy
    assert "canary" not in str(refused.value)


@given(st.text(max_size=60), st.text(min_size=1, max_size=20))
def test_any_password_works_percent_encoded(user: str, password: str) -> None:
    """The remedy is true: whatever a password is, it works once it is percent-encoded."""
    pair = f"{quote(user, safe='')}:{quote(password, safe='')}"
    proxy = parse_proxy(f"http://{pair}@proxy.example:3128", "HTTPS_PROXY")
    assert base64.b64decode(proxy.authorization.removeprefix("Basic ")).decode() == f"{user}:{password}"


@given(st.text(max_size=40) | st.from_regex(r"(https?://)?[^/]{0,9}@?[a-z0-9.\[\]:%-]{0,20}", fullmatch=True))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    """What is taken for an address is one for httpx, too; all else is refused in our words."""
    try:
        proxy = parse_proxy(text, "HTTPS_PROXY")
    except UnusableError:
        return
    assert httpx.Proxy(proxy.url).url.raw_host


@pytest.mark.parametrize(
    ("entry", "url", "direct"),
    [
        ("*", GRAPH, True),
        ("example.com", GRAPH, False),
        ("graph.microsoft.com", GRAPH, True),
        ("GRAPH.Microsoft.COM", GRAPH, True),
        ("graph.microsoft.com.", GRAPH, True),
        ("microsoft.com", GRAPH, True),
        ("soft.com", GRAPH, False),
        (".microsoft.com", GRAPH, True),
        (".graph.microsoft.com", GRAPH, True),
        ("*.microsoft.com", GRAPH, True),
        ("*.graph.microsoft.com", GRAPH, False),
        ("*microsoft.com", GRAPH, True),
        ("graph.*", GRAPH, True),
        ("graph.microsoft.com:443", GRAPH, True),
        ("graph.microsoft.com:8443", GRAPH, False),
        ("*.microsoft.com:443", GRAPH, True),
        ("*:8443", GRAPH, False),
        ("https://graph.microsoft.com", GRAPH, True),
        ("https://graph.microsoft.com/", GRAPH, True),
        ("http://graph.microsoft.com", GRAPH, False),
        ("a.com,graph.microsoft.com", GRAPH, True),
        ("a.com, graph.microsoft.com ,", GRAPH, True),
        ("a.com graph.microsoft.com", GRAPH, True),
        (" , ", GRAPH, False),
        ("localhost", "http://localhost:10366/", True),
        ("localhost:10366", "http://localhost:10366/", True),
        ("localhost", "http://127.0.0.1:10366/", False),
        ("127.0.0.1", "http://127.0.0.1:10366/", True),
        ("127.0.0.1:1", "http://127.0.0.1:10366/", False),
        ("127.0.0.1:10366", "http://127.0.0.1:10366/", True),
        ("127.0.0.0/8", "http://127.0.0.1:10366/", True),
        ("127.0.0.1/8", "http://127.0.0.1:10366/", True),
        ("10.0.0.0/8", "http://127.0.0.1:10366/", False),
        ("127.*", "http://127.0.0.1:10366/", True),
        ("::1", "http://[::1]:10366/", True),
        ("[::1]", "http://[::1]:10366/", True),
        ("[::1]:10366", "http://[::1]:10366/", True),
        ("[::1]:1", "http://[::1]:10366/", False),
        ("0:0:0:0:0:0:0:1", "http://[::1]:10366/", True),
        ("fd07:b51a:cc66:f0::/64", "https://[fd07:b51a:cc66:f0::1]/", True),
        ("[fd07:b51a:cc66:f0::]/64", "https://[fd07:b51a:cc66:f0::1]/", True),
        ("fd00::/8", "https://[fe80::1]/", False),
        ("localhost,127.0.0.1,[::1]", GRAPH, False),
        ("localhost,fd07:b51a:cc66:f0::/64", GRAPH, False),
        ("127.0.0.0/8,fd00::/8", GRAPH, False),
    ],
)
def test_exceptions_to_a_proxy(entry: str, url: str, direct: bool) -> None:
    """Names, domains, patterns, addresses, networks and ports say what goes without the proxy."""
    proxy = parse_proxy("proxy.example:3128", "ALL_PROXY")
    assert (Proxies(proxy, proxy, parse_bypasses(entry)).of(url) is None) == direct


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('"localhost,127.0.0.1"', "has quotes around it"),
        ("localhost;127.0.0.1", "has the entry 'localhost;127.0.0.1', which is none"),
        ("a.com,10.0.0.0/33", "has the entry '10.0.0.0/33', which is none"),
        ("300.1.1.1", "has the entry '300.1.1.1', which is none"),
        ("fd00::/129", "has the entry 'fd00::/129', which is none"),
        ("[::1", "has the entry '[::1', which is none"),
        ("[::1]x", "has the entry '[::1]x', which is none"),
        ("a.com:port", "has the entry 'a.com:port', which is none"),
        ("a.com/path", "has the entry 'a.com/path', which is none"),
        ("ftp://a.com", "has the entry 'ftp://a.com', which is none"),
        ("<local>", "has the entry '<local>', which is none"),
        ("^.*$", "has the entry '^.*$', which is none"),
        (".", "has the entry '.', which is none"),
    ],
)
def test_what_is_no_exception(text: str, what: str) -> None:
    """An entry that is not understood is named, since the request would silently take the other way."""
    with pytest.raises(UnusableError) as refused:
        parse_bypasses(text)
    assert refused.value.what == what


@given(st.text(max_size=30) | st.from_regex(r"[\[\]a-f0-9:./*, -]{0,30}", fullmatch=True), st.sampled_from([GRAPH]))
def test_any_text_is_a_list_of_exceptions_or_refused(text: str, url: str) -> None:
    """Whatever is accepted can be asked about a URL."""
    try:
        bypasses = parse_bypasses(text)
    except UnusableError:
        return
    proxy = parse_proxy("proxy.example", "ALL_PROXY")
    assert Proxies(proxy, proxy, bypasses).of(url) in (None, proxy)


async def test_the_path_to_a_url_is_told_as_it_is_taken(unused_tcp_port: int) -> None:
    """``path_to`` names host, port, proxy and the variable that sets it; the request goes that way and no other."""
    seen = list[bytes]()

    async def serve(request: bytes, writer: object) -> None:
        seen.append(request)
        writer.write(answer(b"{}"))  # type: ignore[attr-defined]

    async with listening(serve) as port:
        door = Proxy(port)
        async with door.open() as proxy_port:
            around = Surroundings(
                Proxies(
                    https=parse_proxy(f"127.0.0.1:{unused_tcp_port}", "ALL_PROXY"),
                    http=parse_proxy(f"http://u:canary@127.0.0.1:{proxy_port}", "http_proxy"),
                    bypasses=parse_bypasses("localhost"),
                )
            )
            async with open_http(ConnectionOptions(), around) as http:
                paths = [
                    http.path_to(url) for url in (GRAPH, f"http://127.0.0.1:{port}/x", f"http://localhost:{port}/")
                ]
                await http.send(Request("GET", f"http://localhost:{port}/", {}))
                direct = len(door.requests)
                await http.send(Request("GET", f"http://127.0.0.1:{port}/x", {}))
    assert paths == [
        f"graph.microsoft.com:443 through the proxy http://127.0.0.1:{unused_tcp_port} (ALL_PROXY)",
        f"127.0.0.1:{port} through the proxy http://127.0.0.1:{proxy_port} (http_proxy)",
        f"localhost:{port} directly",
    ]
    assert (direct, len(door.requests), len(seen)) == (0, 1, 2)


async def test_the_path_by_the_proxy_of_the_settings() -> None:
    """The setting ``proxy`` is for everything, whatever the environment says."""
    around = Surroundings(Proxies(bypasses=parse_bypasses("*")))
    async with open_http(ConnectionOptions(proxy=SecretStr("http://u:canary@proxy.example:3128")), around) as http:
        assert http.path_to("https://[fd00::1]/x?secret#y") == (
            "[fd00::1]:443 through the proxy http://proxy.example:3128 (setting proxy)"
        )
