"""What looks wrong is said before Microsoft says it: refused where it can never work, else a warning."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from o365_exporter.commands.check_config import check_config
from tests.certificates import certificate, key_pem, pem, pfx
from tests.http.loopback import certificates
from tests.settings.desk import CLIENT, ONE_TENANT, Desk

OTHER = "22222222-2222-2222-2222-222222222222"
NOBODY = "00000000-0000-0000-0000-000000000000"
FAR = 4_000_000_000.0

QUOTES = "has quotes around it: remove them: docker --env-file, and secrets, keep what stands there."
UNFILLED = "is a placeholder that nobody filled in: write the value of the secret."
PORTAL = "write the GUID that the Azure portal shows."

REFUSED: list[tuple[str, str, str]] = [
    *((name, f'"{ONE_TENANT[name]}"', QUOTES) for name in ONE_TENANT),
    *((name, f"'{ONE_TENANT[name]}'", QUOTES) for name in ONE_TENANT),
    ("O365_LOG_LEVEL", '"info"', QUOTES),
    ("O365_CA_FILE", '"/etc/ca.pem"', QUOTES),
    ("O365_CLIENT_SECRET", "<your-secret>", UNFILLED),
    ("O365_CLIENT_SECRET", "${CLIENT_SECRET}", UNFILLED),
    ("O365_CLIENT_SECRET", "$(cat secret)", UNFILLED),
    ("O365_CLIENT_SECRET", "{{ .Values.secret }}", UNFILLED),
    (
        "O365_CLIENT_SECRET",
        "one\ntwo",
        "has a line break or a control character in it: write the value of the secret alone.",
    ),
    ("O365_CLIENT_ID", "contoso.onmicrosoft.com", f"is a domain name in place of a GUID: {PORTAL}"),
]


@pytest.mark.parametrize(("name", "value", "what"), REFUSED)
def test_what_can_never_work_is_refused(desk: Desk, name: str, value: str, what: str) -> None:
    """By name and with a remedy."""
    (fault,) = desk.faults(environ={**ONE_TENANT, name: value})
    assert fault.startswith(f"{name} ")
    assert fault.endswith(what)


@pytest.mark.parametrize("value", ["", "  ", "\n"])
def test_an_empty_secret_in_the_file(desk: Desk, value: str) -> None:
    """It is told as empty, and not as one that is missing."""
    toml = f'tenant_id = "a.com"\nclient_id = "{CLIENT}"\nclient_secret = """{value}"""'
    assert desk.faults(toml) == [
        "client_secret = ******** in o365.toml is empty: write the value of the secret, or remove the key."
    ]


GUID = "is a GUID, as the ID of a secret is: write the secret's Value, which the portal shows only once."
FILLER = "looks like a placeholder: write the secret's Value."
REFERENCE = "looks like a reference that nobody resolved: write the secret's Value, or have it put there."
PIECE = "looks like a piece of another file with a name in it: write the secret's Value alone."
WARNED: list[tuple[str, str, str]] = [
    ("O365_CLIENT_SECRET", OTHER, GUID),
    ("O365_CLIENT_SECRET", OTHER.upper(), GUID),
    *(
        ("O365_CLIENT_SECRET", filler, FILLER)
        for filler in (
            "changeme",
            "CHANGE_ME",
            "replace-me",
            "xxx",
            "XXXXXXXX",
            "****",
            "your-client-secret",
            "secret",
            "password",
            "my secret value",
            "todo",
            "placeholder",
        )
    ),
    ("O365_CLIENT_SECRET", "/run/secrets/contoso", "looks like the name of a file: name it by client_secret_file."),
    (
        "O365_CLIENT_SECRET",
        "eyJhbGciOiJub25lIn0.e30.x",
        "looks like a token: write the secret's Value, or name the token's file by federated_token_file.",
    ),
    *(
        ("O365_CLIENT_SECRET", reference, REFERENCE)
        for reference in (
            "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s/)",
            "vault:secret/data/o365#client_secret",
            "ref+azurekeyvault://v/s",
            "op://Vault/o365/secret",
            "ENC[AES256_GCM,data:abc,iv:x,tag:y,type:str]",
            "$CLIENT_SECRET",
            "%CLIENT_SECRET%",
            "#{ClientSecret}#"[:-1],
            "https://v.vault.azure.net/secrets/s/1",
        )
    ),
    *(
        ("O365_CLIENT_SECRET", piece, PIECE)
        for piece in (
            "O365_CLIENT_SECRET=8Q8~abc",
            "export CLIENT_SECRET=8Q8~abc",
            "client_secret: 8Q8~abc",
            '{"client_secret": "8Q8~abc"}',
        )
    ),
    (
        "O365_CLIENT_SECRET",
        base64.b64encode(b"8Q8~abcDEF.ghi-jkl_mno~pqrSTUvwxYZ012345\n").decode(),
        "looks like a secret in base64, as kubectl shows it: write what it stands for (base64 --decode).",
    ),
    *(("O365_CLIENT_SECRET", filler, FILLER) for filler in ("None", "null", "undefined")),
    ("O365_TENANT_ID", NOBODY, "is the placeholder of examples: write the GUID that the portal shows."),
    ("O365_CLIENT_ID", NOBODY, "is the placeholder of examples: write the GUID that the portal shows."),
    (
        "O365_TENANT_ID",
        CLIENT,
        f"The tenant {CLIENT} has one GUID as tenant_id and client_id: write the Directory (tenant) "
        "ID and the Application (client) ID, as the overview of the app shows both.",
    ),
    ("O365_TENANT_NAME", '"Contoso"', "has quotes around it, which count as part of it: remove them."),
]


@pytest.mark.parametrize(("name", "value", "warning"), WARNED)
def test_what_looks_wrong_is_warned_of(desk: Desk, name: str, value: str, warning: str) -> None:
    """It might be right, so it stops nobody; the value is not shown."""
    assert desk.inspect(environ={**ONE_TENANT, name: value}).warnings == (
        warning if warning.startswith("The ") else f"{name} in the environment {warning}",
    )


SKUS = "O365_COLLECTORS__SUBSCRIPTIONS__SKUS__INCLUDE"
LIST = (
    'looks like a list, and is taken as one regular expression: write a list as ["one", "two"], and put this into such '
    "brackets, too, if it is meant as it is."
)


@pytest.mark.parametrize("text", ["E3,E5", "E3, E5", "['E3']", "[E3, E5]", "[E3]", "^E3$,^E5$", "E[35],F[13]"])
def test_a_filter_that_looks_like_a_list_is_warned_of(desk: Desk, text: str) -> None:
    """By the name of the variable or the key, with the form of a list: as one pattern it would fit nothing."""
    assert desk.inspect(environ={**ONE_TENANT, SKUS: text}).warnings == (f"{SKUS} in the environment {LIST}",)
    assert desk.inspect(f'collectors.subscriptions.skus.include = "{text}"', environ=ONE_TENANT).warnings == (
        f"collectors.subscriptions.skus.include in {desk.config} {LIST}",
    )


@pytest.mark.parametrize(
    "text",
    ["E3", "E[3,5]", "^E.{1,2}$", "E{2,}", r"Smith\, Jane", '["E3,E5"]', '["E3", "E5"]', "[Ee]nterprise[35]"],
)
def test_filters_with_commas_and_brackets_of_their_own_are_let_pass(desk: Desk, text: str) -> None:
    """A list is one, and so is a comma that belongs to a regular expression or that somebody put into a list."""
    assert desk.inspect(environ={**ONE_TENANT, SKUS: text}).warnings == ()


@pytest.mark.parametrize(
    "secret",
    [
        "s3cret",
        "8Q8~abcDEF.ghi-jkl_mno~pqrSTUvwxYZ0123456",
        "/a+b/c==",
        "secretive",
        "c2VjcmV0",
        "a$b%c=d:e",
        "secret==",
    ],
)
def test_likely_secrets_are_let_pass(desk: Desk, secret: str) -> None:
    """What Microsoft makes, and made, is not suspicious."""
    assert desk.inspect(environ={**ONE_TENANT, "O365_CLIENT_SECRET": secret}).warnings == ()


FILES: dict[str, tuple[dict[str, bytes], str]] = {
    "secret": ({"client_secret_file": b"8Q8~abc\n"}, ""),
    "secret's ID": (
        {"client_secret_file": OTHER.encode()},
        f"client_secret_file FOLDER/client_secret_file of tenant contoso.com {GUID}",
    ),
    "quoted secret": (
        {"client_secret_file": b'"8Q8~abc"\n'},
        "client_secret_file FOLDER/client_secret_file of tenant contoso.com has quotes around it, which would be taken "
        "for a part of it: remove them.",
    ),
    "empty secret": (
        {"client_secret_file": b"\n"},
        "The client secret of tenant contoso.com is missing: client_secret_file FOLDER/client_secret_file is empty. "
        "Put the value of the secret into that file and let the exporter read it; no restart is needed.",
    ),
    "token": ({"federated_token_file": b"a.b.c"}, ""),
    "no token": (
        {"federated_token_file": b"token"},
        "federated_token_file FOLDER/federated_token_file of tenant contoso.com holds no JWT, which has two dots in "
        "it: let its issuer write the token itself into that file.",
    ),
    "PFX in base64": ({"certificate_file": base64.b64encode(pfx(certificate(ends=FAR)))}, ""),
    "no key": (
        {"certificate_file": pem(certificate(ends=FAR))},
        "The certificate of tenant contoso.com cannot be used: certificate_file FOLDER/certificate_file has no private "
        "key in it. Give a PEM or PFX file",
    ),
    "only a key": (
        {"certificate_file": key_pem()},
        "The certificate of tenant contoso.com cannot be used: certificate_file FOLDER/certificate_file has no "
        "certificate in PEM form in it.",
    ),
    "protected key": (
        {"certificate_file": pem(certificate(ends=FAR)) + key_pem(passphrase="x")},
        "The certificate of tenant contoso.com cannot be used: certificate_file FOLDER/certificate_file has a private "
        "key that is protected by a passphrase. Set certificate_passphrase_file",
    ),
    "expired": (
        {"certificate_file": pem(certificate(begins=1.0, ends=1e9)) + key_pem()},
        "The certificate of tenant contoso.com has expired: certificate_file FOLDER/certificate_file ended at "
        "2001-09-09T01:46:40Z.",
    ),
    "not yet valid": (
        {"certificate_file": pem(certificate(begins=FAR, ends=FAR + 1)) + key_pem()},
        "The certificate of tenant contoso.com is not valid yet: ",
    ),
}


@pytest.mark.parametrize(("files", "warning"), FILES.values(), ids=FILES)
def test_files_of_credentials_are_opened(
    desk: Desk, capsys: pytest.CaptureFixture[str], files: dict[str, bytes], warning: str
) -> None:
    """check-config says what a login would find, with the remedy; the daemon starts, since a file can be mended."""
    environ: dict[str, Any] = {**ONE_TENANT, "O365_CLIENT_SECRET": "", "O365_SECRETS_DIR": str(desk.secrets)}
    for name, content in files.items():
        file = desk.folder / name
        file.write_bytes(content)
        file.chmod(0o600)
        environ[f"O365_{name.upper()}"] = str(file)
    assert check_config(None, environ) == 0
    told = capsys.readouterr().err.replace(str(desk.folder), "FOLDER")
    assert told.startswith(f"warning: {warning}" if warning else "")
    assert told.count("\n") == bool(warning)


def test_a_shared_file_is_told_once(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """A thousand tenants of one app need no thousand warnings."""
    (desk.folder / "secret").write_text(OTHER)
    (desk.folder / "secret").chmod(0o600)
    desk.config.write_text(
        f'[defaults]\nclient_id = "{CLIENT}"\nclient_secret_file = "{desk.folder / "secret"}"\n'
        + "".join(f'[tenants.t{number}]\ntenant_id = "t{number}.com"\n' for number in range(1000))
    )
    assert check_config(desk.config, {"O365_SECRETS_DIR": str(desk.secrets)}) == 0
    (warning,) = capsys.readouterr().err.splitlines()
    assert "of tenant t0.com (and 999 more) is a GUID" in warning


def test_an_authority_that_strict_checks_refuse(desk: Desk) -> None:
    """The very defect is named at the start, and setting tls_strict to false is enough."""
    ca, _ = certificates(desk.folder, critical=False)
    environ = {**ONE_TENANT, "O365_CA_FILE": str(ca)}
    assert desk.inspect(environ=environ).warnings == (
        f"ca_file {ca}: the authority CN=Test authority has Basic Constraints that are not marked critical, which "
        "strict checks refuse: have it issued anew, or set tls_strict = false (O365_TLS_STRICT) to let it pass.",
    )
    assert desk.inspect(environ={**environ, "O365_TLS_STRICT": "no"}).warnings == ()


@pytest.mark.parametrize("value", ["true", "True", "YES", "on", "1", "y"])
def test_switches_as_people_write_them(desk: Desk, value: str) -> None:
    """yes and on are as good as true."""
    assert (
        desk.tenant(environ={**ONE_TENANT, "O365_COLLECTORS__SKYPE_USAGE__ENABLED": value})
        .collectors["skype_usage"]
        .enabled
    )
