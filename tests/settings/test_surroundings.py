"""Variables of other programs are read and checked like settings of ours."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from o365_exporter.errors import ConfigurationError
from o365_exporter.http import open_http
from o365_exporter.settings import Settings, inspect, load
from tests.http.loopback import certificates
from tests.settings.desk import ONE_TENANT, Desk

GRAPH = "https://graph.microsoft.com/v1.0"
CANARY = "Canary8Qdonotshow"


@pytest.mark.parametrize(
    ("environ", "fault"),
    [
        (
            {"HTTPS_PROXY": '"http://proxy.example:3128"'},
            'HTTPS_PROXY = "\\"http://proxy.example:3128\\"" in the environment has quotes around it: '
            "remove the quotes: docker --env-file and systemd keep what stands there.",
        ),
        (
            {"http_proxy": "http://proxy:port"},
            'http_proxy = "********" in the environment has a port that is no number from 1 to 65535: write it as '
            "http://host:port, or http://user:password@host:port, and an IPv6 address in brackets.",
        ),
        (
            {"ALL_PROXY": "socks5://127.0.0.1:1080"},
            'ALL_PROXY = "socks5://127.0.0.1:1080" in the environment is a SOCKS proxy, which is not supported: '
            "set an HTTP proxy: write it as http://host:port, or http://user:password@host:port.",
        ),
        *(
            (
                {"HTTPS_PROXY": word},
                f'HTTPS_PROXY = "{word}" in the environment is not the address of an HTTP proxy: remove it to go '
                "without a proxy; where others are set as well, NO_PROXY=* passes them all by.",
            )
            for word in ("none", "False", "DIRECT", "off", "no", "null")
        ),
        *(
            (
                {name: f"http://svc:{password}@proxy.example:3128"},
                f'{name} = "********" in the environment has a special character in its user or password: write it '
                "percent-encoded (/ as %2F, ? as %3F, # as %23, @ as %40, \\ as %5C, a blank as %20).",
            )
            for name in ("HTTPS_PROXY", "https_proxy", "all_proxy", "Http_Proxy")
            for password in ("pa#ss", "Secret?123", "p%40ss:w%23rd%/x")
        ),
        (
            {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "localhost;10.0.0.0/8"},
            "NO_PROXY = \"localhost;10.0.0.0/8\" in the environment has the entry 'localhost;10.0.0.0/8', which is "
            "none: write hosts, domains, addresses or networks, with commas between: "
            "example.com,10.0.0.0/8,[::1]:8080.",
        ),
        (
            {"SSL_CERT_FILE": "/missing/ca.pem"},
            'SSL_CERT_FILE = "/missing/ca.pem" in the environment does not exist: write the file, or mend the path '
            "that names it.",
        ),
        (
            {"SSL_CERT_FILE": '"/etc/ca.pem"'},
            'SSL_CERT_FILE = "\\"/etc/ca.pem\\"" in the environment has quotes around it: remove them.',
        ),
        (
            {"SSL_CERT_DIR": "/missing"},
            'SSL_CERT_DIR = "/missing" in the environment cannot be read (No such file or directory): name a '
            "directory of certificates.",
        ),
        (
            {"HTTPS_PROXY": "http://\udcffproxy"},
            'HTTPS_PROXY = "********" in the environment is not UTF-8: write it in UTF-8.',
        ),
    ],
)
def test_what_cannot_be_used_is_refused(desk: Desk, environ: dict[str, str], fault: str) -> None:
    """Variable, value (masked where it could hold a password) and remedy are named."""
    assert desk.faults(environ={**ONE_TENANT, **environ}) == [fault]


@pytest.mark.parametrize("word", ["none", "direct", "false", "disabled"])
def test_a_word_for_no_proxy_in_the_settings(desk: Desk, word: str) -> None:
    """The value counts as a secret there and is masked; the remedy stays readable, so it has none of these words."""
    assert desk.faults(environ={**ONE_TENANT, "O365_PROXY": word}) == [
        "O365_PROXY = ******** in the environment is not the address of an HTTP proxy: remove it to go without a proxy"
        "; where others are set as well, NO_PROXY=* passes them all by."
    ]


@pytest.mark.parametrize(
    ("environ", "setting"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "", "ALL_PROXY": " "}, None),
        ({"HTTPS_PROXY": "http://p:1"}, "HTTPS_PROXY"),
        ({"HTTPS_PROXY": " http://p:1\r\n"}, "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "\ufeffhttp://p:1"}, "HTTPS_PROXY"),
        ({"https_proxy": "http://p:1", "HTTPS_PROXY": "http://q:1"}, "https_proxy"),
        ({"https_proxy": "", "HTTPS_PROXY": "http://q:1"}, None),
        ({"ALL_PROXY": "http://p:1"}, "ALL_PROXY"),
        ({"ALL_PROXY": "http://p:1", "HTTPS_PROXY": "http://q:1"}, "HTTPS_PROXY"),
        ({"HTTP_PROXY": "http://p:1"}, None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "localhost,127.0.0.1,[::1]"}, "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "http://p:1", "no_proxy": "localhost,fd07:b51a:cc66:f0::/64"}, "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*.microsoft.com"}, None),
        ({"NO_PROXY": "localhost;nothing is proxied anyway"}, None),
    ],
)
def test_proxy_that_is_chosen(desk: Desk, environ: dict[str, str], setting: str | None) -> None:
    """Small letters win, the special variable wins over ALL_PROXY, and NO_PROXY over both."""
    proxy = desk.load(environ={**ONE_TENANT, **environ}).surroundings.proxies.of(GRAPH)
    assert (proxy and proxy.setting) == setting


def test_proxy_of_the_settings_leaves_the_environments_unread(desk: Desk) -> None:
    """Where the setting names a proxy, variables that are of no use are of no harm either."""
    settings = desk.load(
        environ={**ONE_TENANT, "O365_PROXY": "http://p:1", "HTTPS_PROXY": "socks://x", "NO_PROXY": ";"}
    )
    assert settings.surroundings.proxies.of(GRAPH) is None


def test_authorities_of_the_environment(desk: Desk) -> None:
    """A file and directories of certificates, of which one may be missing, as OpenSSL has it."""
    ca, _ = certificates(desk.folder)
    (desk.secrets / "5ed36f99.0").write_bytes(ca.read_bytes())
    environ = {**ONE_TENANT, "SSL_CERT_FILE": f"{ca}\n", "SSL_CERT_DIR": f"{desk.secrets}:/missing:"}
    around = desk.load(environ=environ).surroundings
    assert (around.certificate_file, around.certificate_folders) == (ca, (desk.secrets,))


@pytest.mark.parametrize(
    ("environ", "warning"),
    [
        (
            {"HTTP_PROXY": "http://p:1"},
            "HTTP_PROXY is set and HTTPS_PROXY is not: Microsoft is asked by https, and so without a proxy. "
            "Set HTTPS_PROXY.",
        ),
        *(
            (
                {name: "/x"},
                f"{name} in the environment is not read by this program: name that file by ca_file (O365_CA_FILE).",
            )
            for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
        ),
        (
            {"SSLKEYLOGFILE": "/x"},
            "SSLKEYLOGFILE in the environment is not read by this program: no keys of connections are written down.",
        ),
    ],
)
@pytest.mark.usefixtures("desk")
def test_what_is_not_in_effect_is_said(environ: dict[str, str], warning: str) -> None:
    """Whoever set it believes that it holds."""
    assert inspect(None, {**ONE_TENANT, **environ}).warnings == (warning,)


@pytest.mark.parametrize("name", ["IDENTITY_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST"])
@pytest.mark.parametrize("value", ["http://[bad", "garbage", "http://x y/", "http://:1", "ftp://x", "http://x:port"])
def test_addresses_of_a_managed_identity(desk: Desk, name: str, value: str) -> None:
    """What Azure would set is checked where somebody signs in by it, and of no interest elsewhere."""
    managed = {"O365_TENANT_ID": "contoso.com", "O365_MANAGED_IDENTITY": "system"}
    assert desk.faults(environ={**managed, name: value}) == [
        f'{name} = "{value}" in the environment is not an address: remove it where Azure has not set it; '
        "managed_identity works on machines of Azure only."
    ]
    assert desk.load(environ={**ONE_TENANT, name: value}) == desk.load(environ=ONE_TENANT)
    assert desk.load(environ={**managed, name: "http://169.254.129.4:8081/msi/token"}) == desk.load(environ=managed)


VARIABLES = ("HTTPS_PROXY", "http_proxy", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=()), max_size=30)
PASSWORDS = st.text("%#?/@:\\ \"'[]ü+&=", max_size=8).map(lambda text: f"{text}{CANARY}{text}")


@pytest.mark.usefixtures("desk")
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(VARIABLES),
    TEXTS
    | st.builds(
        "{}{}:{}@{}".format,
        st.sampled_from(["", "http://", "https://", "socks5://", '"http://']),
        TEXTS,
        PASSWORDS,
        TEXTS,
    )
    | st.builds("http://u:{}".format, PASSWORDS),
)
@example("NO_PROXY", f"{CANARY}: @")  # a proxy's address: what it is cut at may stand in its password
@example("NO_PROXY", f"http://u:{CANARY},1:2@p:1")
@example("SSL_CERT_DIR", f"{CANARY}: @")
async def test_any_text_works_or_is_refused_by_name(variable: str, text: str) -> None:
    """Whatever stands in these variables, there is a way to Microsoft or a sentence with the variable's name."""
    loaded = _loaded({**ONE_TENANT, "HTTPS_PROXY": "http://p:1", variable: text})
    assert "@" not in text or CANARY not in repr(loaded)
    if isinstance(loaded, list):
        assert all(fault.startswith((f"{variable} = ", f"{variable} in ")) for fault in loaded)
        return
    async with open_http(loaded.connection, loaded.surroundings) as http:
        assert http.path_to(GRAPH).startswith("graph.microsoft.com:443 ")


def _loaded(environ: dict[str, str]) -> Settings | list[str]:
    try:
        return load(None, environ)
    except ConfigurationError as error:
        return error.faults
