"""Values that messages quote: whatever somebody has put in the wrong place, no login of an address stands in them."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from o365_exporter.cli import COMMANDS, main, parser
from o365_exporter.errors import ConfigurationError
from o365_exporter.settings import load
from o365_exporter.settings.schema import ANY, variable, walk
from o365_exporter.texts import MASK, without_login
from o365_exporter.web.webfile import WebConfigError, parse_web_config
from tests.settings.desk import CLIENT

CANARY = "Kanarienvogel"
TENANT = {"O365_TENANT_ID": "contoso.example", "O365_CLIENT_ID": CLIENT, "O365_CLIENT_SECRET": "x" * 40}
AROUND = st.text("%#?/@:\\ \"'[]{}ü+&=,;|\n", max_size=6)
SECRETS = st.builds("{}{}{}".format, AROUND, st.just(CANARY), AROUND)
"""A password, with all around it at which addresses, lists and lines are cut."""

PLACES = ("u:{}@h", "http://u:{}@h", "HTTPS://u:{}@h:1/x", "//u:{}@h", "x{}@h", "x, http://u:{}@h", "http:/u:{}@h")
ADDRESSES = st.one_of(
    st.builds(str.format, st.sampled_from(PLACES), SECRETS),
    st.builds(
        lambda place, secret: place.format(quote(secret, safe="")).replace("@", "%40"), st.sampled_from(PLACES), SECRETS
    ),
    st.builds("https://h/?sig={}".format, SECRETS),
    st.builds("https://h/#{}".format, SECRETS),
)
"""Addresses with a login or a signature in them; also where what is between is percent-encoded."""

VARIABLES = sorted({variable(path) for path, _ in walk() if ANY not in path})
OTHERS = (
    "NO_PROXY",
    "HTTPS_PROXY",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "IDENTITY_ENDPOINT",
    "O365_CONFIG",
    "O365_SECRETS_DIR",
)
ANY_INPUT = settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(ADDRESSES)
@example(f"Canary: {CANARY} @")
def test_no_login_is_left(text: str) -> None:
    """What is quoted has the address' host at most."""
    left = without_login(text)
    assert CANARY not in left
    assert MASK in left


@given(st.text("abc.:/-[]0123456789", max_size=20))
@example("*@contoso.onmicrosoft.com")
@example(".*@contoso.onmicrosoft.com")
def test_what_holds_no_login_is_quoted_as_it_is(text: str) -> None:
    """A value without @, ? and # is told to the letter: whoever mends it must find it."""
    assert without_login(text) == text


@pytest.mark.filterwarnings("ignore:Possible:FutureWarning")  # any text is taken for a regular expression
@pytest.mark.parametrize("name", [*VARIABLES, *OTHERS])
def test_no_setting_quotes_a_login(name: str) -> None:
    """Each setting that there is, and each that will be, is refused without the login that is put there by mistake."""

    @settings(max_examples=10)
    @given(ADDRESSES)
    @example(f"//u:{CANARY}@h")
    def tried(text: str) -> None:
        assert CANARY not in _refusal({**TENANT, "HTTPS_PROXY": "http://p:1", name: text})

    tried()


def _refusal(environ: dict[str, str]) -> str:
    """What is said of settings; nothing where they can be used."""
    try:
        load(None, environ)
    except ConfigurationError as error:
        return str(error)
    return ""


@ANY_INPUT
@given(
    st.sampled_from(
        (
            'client_secret = """\n{}==\n',
            "client_secret = 'a\n{}=\n",
            "client_secret = 'a'\n{} = = x\n",
            'client_secret = "{}\n',
            "{}\n",
            "client_secret = {}\n",
            "client_secret = '{}'\nclient_secret = '{}'\n",
        )
    ),
    st.text("abcXYZ019+/=_-~. '\"\\#", max_size=6),
)
def test_no_line_of_toml_is_quoted(tmp_path: Path, line: str, more: str) -> None:
    """A secret in a broken file is not taken for the name of a key; in a whole one, a name is a name."""
    file = tmp_path / "o365.toml"
    file.write_text(line.format(*[f"{CANARY}{more}"] * line.count("{}")), "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(file, {})
    assert CANARY not in str(caught.value).replace(f"{CANARY} in ", "")


@pytest.mark.parametrize(
    "text",
    [
        "basic_auth_users: {alice:CANARY}",
        "basic_auth_users: {'alice:CANARY': x}",
        "basic_auth_users: alice:CANARY",
        "basic_auth_users: [alice: CANARY]",
        "basic_auth_users:\n  alice: CANARY",
        "basic_auth_user:\n  alice: CANARY",
        "{alice:CANARY}",
        "alice:CANARY",
        "password: CANARY",
        "tls_server_config: CANARY",
        "tls_server_config:\n  key: CANARY\n  cert: CANARY\n  cert_file: x",
        "tls_server_config:\n  password: CANARY",
        "rate_limit: CANARY",
        "http_server_config: CANARY",
        "http_server_config:\n  headers: 'Authorization: CANARY'",
        "http_server_config:\n  headers: {Authorization:CANARY}",
        "http_server_config:\n  headers:\n    Authorization: CANARY",
        "http_server_config:\n  headers:\n    X-Frame-Options: CANARY",
        "basic_auth_users:\n  alice: 'CANARY",
    ],
)
def test_no_word_of_a_web_configuration_file_is_quoted(tmp_path: Path, text: str) -> None:
    """Neither a hash or password nor a header is, wherever its blank behind the colon or its quote is missing."""
    file = tmp_path / "web.yml"
    file.write_text(text, "utf-8")
    with pytest.raises(WebConfigError):
        parse_web_config(file)
    file.write_text(text.replace("CANARY", CANARY), "utf-8")
    with pytest.raises(WebConfigError) as caught:
        parse_web_config(file)
    assert CANARY not in str(caught.value)


def _said(*arguments: str) -> str:
    """What the program says of a command line that is wrong."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code in (2, 3)
    return out.getvalue() + err.getvalue()


def _switches() -> list[tuple[str, str]]:
    """Every command with each of its options that take no value."""
    root = parser()
    root.declare_all()
    commands = next(action.choices for action in root._actions if action.dest == "==SUPPRESS==" and action.choices)
    return [
        (name, option)
        for name, below in dict(commands).items()
        for action in below._actions
        for option in action.option_strings
        if action.nargs == 0 and option.startswith("--")
    ]


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
@pytest.mark.parametrize("option", ["-p{}", "--password={}", "--password:{}", "-P={}", "-{}"])
def test_no_unknown_option_is_told_with_its_value(command: str, option: str) -> None:
    """The name of an option that there is not is told, and what stands behind it is not."""
    assert CANARY not in _said(command, option.format(CANARY))


@pytest.mark.parametrize(("command", "option"), _switches())
def test_no_switch_is_told_with_a_value(command: str, option: str) -> None:
    """An option that takes no value says so, without the one it was given."""
    said = _said(command, f"{option}={CANARY}")
    assert "takes no value" in said
    assert CANARY not in said


def test_an_option_that_may_be_several_is_told_without_its_value() -> None:
    """What begins like two options is told up to its equals sign."""
    said = _said("simulate", f"--t={CANARY}")
    assert "ambiguous option: --t could match --tenants, --" in said
    assert CANARY not in said


@pytest.mark.parametrize(
    "arguments",
    [
        ("simulate", "--base-url"),
        ("simulate", "--listen"),
        ("demo", "--listen"),
        ("run", "--listen"),
        ("run", "--shard"),
    ],
)
def test_no_address_of_an_option_is_told_with_its_login(arguments: tuple[str, str]) -> None:
    """An option that wants an address or a part of one hides the login of what it refuses."""
    assert CANARY not in _said(*arguments, f"http://u:{CANARY}@h:x")


@settings(max_examples=40)
@given(ADDRESSES.filter(lambda text: "\0" not in text))
@example(f"u:{CANARY}@h")
@example(f"http://u#{CANARY}@h")
@example(f"http:/u:{CANARY}@h")
def test_the_probe_quotes_no_login_of_its_address(text: str) -> None:
    """A check's output lands in other people's mail: the address that it refuses is quoted without a login."""
    said = _said("probe", "subscriptions", "--timeout", "1", "--ca-file", "/nowhere", f"--url={text}")
    assert CANARY not in said
