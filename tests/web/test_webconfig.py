"""What a web configuration file may say, and the sentence for what it may not."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from o365_exporter.errors import ConfigurationError
from o365_exporter.web import read_rules, remarks
from tests.certificates import certificate, key_pem, pem, rsa_key
from tests.facts.pages import blocks, page
from tests.web.behind import HASH, issued, served_by, written


def faults(path: Path) -> list[str]:
    """What is wrong with a file, without its name."""
    with pytest.raises(ConfigurationError) as raised:
        read_rules(path)
    return [fault.replace(f" in {path}", "").replace(repr(str(path)), "PATH") for fault in raised.value.faults]


def test_everything_at_once(tmp_path: Path) -> None:
    """All keys of the format, by names of files relative to it, make rules."""
    tls = served_by(
        tmp_path,
        client_auth_type="RequireAndVerifyClientCert",
        client_ca_file="ca.pem",
        client_allowed_sans=["prometheus.example"],
        min_version="TLS12",
        max_version="TLS13",
        cipher_suites=["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"],
        prefer_server_cipher_suites=False,
        curve_preferences=["X25519"],
    )
    http = {"http2": True, "headers": {"X-Frame-Options": "sameorigin", "Strict-Transport-Security": ""}}
    path = written(
        tmp_path,
        tls_server_config=tls,
        http_server_config=http,
        basic_auth_users={"alice": HASH, "123": HASH},
        rate_limit={"interval": "1m1.5s", "burst": 20},
    )
    rules = read_rules(path)
    assert rules.context is not None
    assert set(rules.config.basic_auth_users) == {"alice", "123"}
    assert rules.config.http_server_config.headers == {"X-Frame-Options": "sameorigin"}
    assert rules.config.rate_limit.interval == 61.5
    assert list(remarks(rules)) == [
        "http_server_config.http2 in web_config_file is true, and HTTP/2 is not served: clients use HTTP/1.1."
    ]


@pytest.mark.parametrize("text", ["", "# nothing\n", "tls_server_config:\nbasic_auth_users:\nhttp_server_config:\n"])
def test_a_file_that_asks_for_nothing(tmp_path: Path, text: str) -> None:
    """Is as good as none, as in the toolkit, and that is said: it may be half of what somebody is writing."""
    path = tmp_path / "web.yml"
    path.write_text(text)
    rules = read_rules(path)
    assert (rules.context, rules.passwords) == (None, None)
    assert list(remarks(rules)) == [
        "web_config_file says nothing, as where it is half written: everything is served to everybody. Fill it."
    ]
    assert not list(remarks(read_rules(None)))


def test_passwords_without_tls_are_remarked_on(tmp_path: Path) -> None:
    """They can be, behind a proxy, and whoever wants them should know."""
    assert list(remarks(read_rules(written(tmp_path, basic_auth_users={"alice": HASH})))) == [
        "web_config_file has basic_auth_users and no certificate: passwords cross the network as they are. "
        "Add tls_server_config."
    ]


VERSIONS = 'write "TLS12" or "TLS13"'
REQUIRE = 'write client_auth_type: "RequireAndVerifyClientCert"'
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown key": ({"tls": {}}, "tls is not a key of web configuration files: remove it."),
    "a key that is pydantic's word": ({"[key]": "a"}, "[key] is not a key of web configuration files: remove it."),
    "a misspelt key": (
        {"tls_server_config": {"cert_fle": "a"}},
        "tls_server_config.cert_fle is not a key of web configuration files: write cert_file, or remove it.",
    ),
    "an old version": (
        {"tls_server_config": {"min_version": "TLS10"}},
        f'tls_server_config.min_version = "TLS10" is a version that is served to nobody: {VERSIONS}.',
    ),
    "no version": (
        {"tls_server_config": {"max_version": "1.3"}},
        f'tls_server_config.max_version = "1.3" is not a version of TLS: {VERSIONS}.',
    ),
    "versions the wrong way round": (
        {"tls_server_config": {"cert": "a", "key": "b", "min_version": "TLS13", "max_version": "TLS12"}},
        "tls_server_config.min_version is newer than max_version: exchange them.",
    ),
    "a certificate that nobody verifies": (
        {"tls_server_config": {"client_auth_type": "RequireAnyClientCert"}},
        'tls_server_config.client_auth_type = "RequireAnyClientCert" asks for a certificate that nobody verifies, '
        'which Python\'s ssl does not do: write "RequireAndVerifyClientCert" and name client_ca_file.',
    ),
    "no kind of client authentication": (
        {"tls_server_config": {"client_auth_type": "yes"}},
        'tls_server_config.client_auth_type = "yes" is not known: write "RequireAndVerifyClientCert", '
        '"VerifyClientCertIfGiven" or "NoClientCert".',
    ),
    "an authority for nothing": (
        {"tls_server_config": {"cert": "a", "key": "b", "client_ca_file": "c"}},
        f"tls_server_config.client_ca_file has no client_auth_type beside it: {REQUIRE}.",
    ),
    "no authority": (
        {"tls_server_config": {"cert": "a", "key": "b", "client_auth_type": "VerifyClientCertIfGiven"}},
        "tls_server_config.client_ca_file is missing: name the authority of the clients' certificates.",
    ),
    "names for nothing": (
        {"tls_server_config": {"cert": "a", "key": "b", "client_allowed_sans": ["x"]}},
        f"tls_server_config.client_allowed_sans holds for no client that shows no certificate: {REQUIRE}.",
    ),
    "a key alone": (
        {"tls_server_config": {"key_file": "b"}},
        "tls_server_config.cert_file is missing: name it, or write cert.",
    ),
    "the same twice": (
        {"tls_server_config": {"cert": "a", "cert_file": "b", "key": "c"}},
        "tls_server_config.cert stands beside cert_file: keep one of them.",
    ),
    "several curves": (
        {"tls_server_config": {"curve_preferences": ["X25519", "CurveP256"]}},
        "tls_server_config.curve_preferences has several curves, and Python's ssl can be given one or none: "
        "name one, or leave the key out.",
    ),
    "no curve": (
        {"tls_server_config": {"curve_preferences": ["P-256"]}},
        'tls_server_config.curve_preferences[0] = "P-256" is not a curve that is served: '
        "write one of CurveP256, CurveP384, CurveP521, X25519.",
    ),
    "no truth": (
        {"http_server_config": {"http2": "perhaps"}},
        'http_server_config.http2 = "perhaps" is neither true nor false: write one of them.',
    ),
    "a list for a truth": (
        {"http_server_config": {"http2": ["true"]}},
        "http_server_config.http2 is neither true nor false: write one of them.",
    ),
    "a list for a number": (
        {"rate_limit": {"burst": ["1"]}},
        "rate_limit.burst is not a whole number: write digits only.",
    ),
    "a table for a duration": (
        {"rate_limit": {"interval": {"a": "b"}}},
        'rate_limit.interval is not a duration: write such as "100ms" or "1s".',
    ),
    "a header of one's own": (
        {"http_server_config": {"headers": {"X-Mine": "1"}}},
        "http_server_config.headers has 'X-Mine', which cannot be set: name one of Content-Security-Policy, "
        "Strict-Transport-Security, X-Content-Type-Options, X-Frame-Options, X-XSS-Protection.",
    ),
    "a value that the toolkit does not have": (
        {"http_server_config": {"headers": {"X-Frame-Options": "allow"}}},
        "http_server_config.headers has a value of X-Frame-Options that is not allowed: write deny or sameorigin.",
    ),
    "a header that splits": (
        {"http_server_config": {"headers": {"X-XSS-Protection": "1\r\nSet-Cookie: a"}}},
        "http_server_config.headers has a value of X-XSS-Protection that is no header: "
        "write printable ASCII on one line.",
    ),
    "a password": (
        {"basic_auth_users": {"alice": "canary"}},
        "basic_auth_users.alice is not a bcrypt hash: write what htpasswd -nBC 10 '' prints behind the colon, never "
        "the password.",
    ),
    "a hash that takes a day": (
        {"basic_auth_users": {"alice": HASH.replace("$04$", "$31$")}},
        "basic_auth_users.alice has the bcrypt cost 31: take one from 4 to 17, such as 10.",
    ),
    "a user with a colon": (
        {"basic_auth_users": {"a:b": HASH}},
        "basic_auth_users.a:******** is no name that a client could send: write one without a colon.",
    ),
    "no duration": (
        {"rate_limit": {"interval": "often"}},
        'rate_limit.interval = "often" is no duration of Go: write such as "100ms" or "1s".',
    ),
    "not a table": (
        {"basic_auth_users": ["alice"]},
        "basic_auth_users is not a table: write its keys on lines of their own, indented.",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_used(tmp_path: Path, name: str) -> None:
    """Is named with key, value where it is no secret, and remedy."""
    parts, sentence = WRONG[name]
    assert faults(written(tmp_path, **parts)) == [sentence]


def test_a_cipher_that_is_not_served(tmp_path: Path) -> None:
    """Those that are served are listed, by Go's names."""
    path = written(tmp_path, tls_server_config={"cipher_suites": ["TLS_RSA_WITH_RC4_128_SHA"]})
    (fault,) = faults(path)
    assert fault.startswith('tls_server_config.cipher_suites[0] = "TLS_RSA_WITH_RC4_128_SHA" is not a cipher that is ')
    assert fault.count("TLS_") == 14


def test_every_fault_is_told(tmp_path: Path) -> None:
    """At once, and not one after the other."""
    path = written(tmp_path, basic_auth_users={"a": "x", "b": "y"}, http_server_config={"http2": "?"})
    assert len(faults(path)) == 3


TEXTS = {
    "a: [": "is not YAML (line 1): mend it; promtool check web-config says more.",
    "a: 1\na: 2\n": "has a key twice, the second in line 2: remove one of them.",
    "a: &x [1]\nb: *x\n": "has an alias in line 2: write out what it stands for.",
    "? [a]\n: b\n": "has a key that is no text in line 1: write a name.",
    '"\\ud800": 1\n': "has half a character in line 1: write the whole one.",
    "- a\n": "is no table: begin it with tls_server_config: or basic_auth_users:.",
    "[" * 100_000: "is nested too deeply: name the right file.",
    "a: \0": "has a NUL in it (character 3): save it as UTF-8.",
    "a" * (1024 * 1024 + 1): "is larger than 1 MiB: name the right file.",
    "!!python/object/apply:os.system ['true']": "is no table: begin it with tls_server_config: or basic_auth_users:.",
}


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:12])
def test_a_file_that_is_none(tmp_path: Path, text: str) -> None:
    """Is named with the setting that names it."""
    path = tmp_path / "web.yml"
    path.write_text(text, "utf-8")
    assert faults(path) == [f"web_config_file (O365_WEB_CONFIG_FILE) = PATH {TEXTS[text]}"]


def test_a_number_of_five_thousand_digits(tmp_path: Path) -> None:
    """Is a text like any other."""
    path = tmp_path / "web.yml"
    path.write_text("rate_limit:\n  burst: " + "9" * 5000)
    assert faults(path) == ["rate_limit.burst is not a whole number of any use: write a smaller one."]


def pairs(folder: Path) -> dict[str, tuple[dict[str, str], str]]:
    """Certificates and keys that do not work, and what is said of them."""
    issued(folder, "server")
    (folder / "other.key").write_bytes(key_pem(rsa_key("other")))
    (folder / "locked.key").write_bytes(key_pem(rsa_key("server"), "passphrase"))
    (folder / "empty.pem").write_bytes(b"")
    (folder / "large.pem").write_bytes(b"x" * 70_000)
    server = {"cert_file": "server.pem", "key_file": "server.key"}
    client = {**server, "client_auth_type": "RequireAndVerifyClientCert"}
    return {
        "of others": (
            {**server, "key_file": "other.key"},
            "key_file is not the key of the certificate: write the key to it.",
        ),
        "locked": (
            {**server, "key_file": "locked.key"},
            "key_file is encrypted: take the passphrase off it, as Prometheus has no place for one either.",
        ),
        "gone": (
            {**server, "cert_file": "gone.pem"},
            "cert_file does not exist: write the file, or mend the path that names it.",
        ),
        "large": ({**server, "cert_file": "large.pem"}, "cert_file is larger than 64 KiB: name the right file."),
        "a folder": ({**server, "cert_file": "."}, "cert_file is a directory: name the file in it."),
        "no authority": (
            {**client, "client_ca_file": "empty.pem"},
            "client_ca_file has no certificate in PEM: write that of the authority.",
        ),
    }


@pytest.mark.parametrize("name", ["of others", "locked", "gone", "large", "a folder", "no authority"])
def test_a_pair_that_does_not_work(tmp_path: Path, name: str) -> None:
    """Nobody is asked for a passphrase on a terminal, and nothing of a key is shown."""
    tls, sentence = pairs(tmp_path)[name]
    assert faults(written(tmp_path, tls_server_config=tls)) == [f"tls_server_config.{sentence}"]


@pytest.mark.parametrize("content", [b"", b"canary", b"-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n"])
def test_a_certificate_that_is_none(tmp_path: Path, content: bytes) -> None:
    """Whatever OpenSSL calls it, key and remedy are named."""
    issued(tmp_path, "server")
    (tmp_path / "server.pem").write_bytes(content)
    (fault,) = faults(written(tmp_path, tls_server_config=served_by(tmp_path)))
    assert fault.startswith("tls_server_config.cert_file makes no pair with key_file (")
    assert fault.endswith("): write a certificate and its key as PEM.")
    assert "canary" not in fault


def test_certificate_and_key_in_the_file_itself(tmp_path: Path) -> None:
    """As the toolkit has them since 2023; an authority, too."""
    own = certificate()
    tls = {"cert": pem(own).decode(), "key": key_pem().decode(), "client_ca": pem(own).decode()}
    path = written(tmp_path, tls_server_config={**tls, "client_auth_type": "VerifyClientCertIfGiven"})
    assert read_rules(path).context is not None
    (fault,) = faults(written(tmp_path, tls_server_config={**tls, "key": "canary", "client_ca": ""}))
    assert fault.startswith("tls_server_config.cert makes no pair with key (")


def promtool(path: Path) -> subprocess.CompletedProcess[str]:
    """What promtool says of a file."""
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed: apt-get install prometheus")
    return subprocess.run(["promtool", "check", "web-config", path], capture_output=True, text=True, check=False)


def test_promtool_and_we_agree_about_the_docs(tmp_path: Path) -> None:
    """Every example of docs/security.md is accepted by both."""
    examples = [text for text in blocks(page("docs/security.md"), "yaml") if "scrape_configs" not in text]
    assert len(examples) >= 2
    issued(tmp_path, "exporter")
    issued(tmp_path, "prometheus")
    for text in examples:
        path = tmp_path / "web.yml"
        path.write_text(text.replace("/etc/o365-exporter/", ""), "utf-8")
        assert read_rules(path).config != read_rules(None).config
        done = promtool(path)
        assert done.returncode == 0, done.stdout + done.stderr
        assert yaml.safe_load(text)
