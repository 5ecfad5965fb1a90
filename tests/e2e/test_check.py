"""``check``: a stranger finds the cause from its words alone, and every way in which it ends."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest

from o365_exporter.catalogue import all_collectors
from o365_exporter.simulator import SimulatorOptions
from tests.e2e.programs import PROGRAM, Microsoft, environment, eventually, finished, microsoft, running
from tests.e2e.test_once import firewall
from tests.e2e.test_prometheus import many_variables
from tests.http.loopback import Proxy, answer, certificates, hanging, listening

REAL = {
    "O365_TENANT_ID": "11111111-2222-3333-4444-555555555555",
    "O365_TENANT_NAME": "contoso",
    "O365_CLIENT_ID": "66666666-7777-8888-9999-aaaaaaaaaaaa",
    "O365_CLIENT_SECRET": "abc8Q~canary-canary-canary-canary-canary",
}
"""A tenant of the global cloud, for ways that end before Microsoft."""

COLLECTORS = len(all_collectors())
SOURCES = sum(len(each.sources(each.options())) for each in all_collectors().values())


def steady(text: str, cloud: Microsoft | None = None) -> str:
    """What is printed without what differs from run to run."""
    for pattern, steady in (
        (r"; request-id [0-9a-f-]{36}", ""),
        (r"\d+ ms", "N ms"),
        (r"in \d+\.\d s", "in N s"),
        (r"(?m)  \d+\.\d\d( |$)", r"  N.NN\1"),
        (r"until 20\d\d-\d\d-\d\d \d\d:\d\d UTC", "until THEN"),
        (r"\d{4}-\d\d-\d\d", "DAY"),
        (r"(?m) +$", ""),
    ):
        text = re.sub(pattern, steady, text)
    if cloud is not None:
        text = text.replace(cloud.url.removeprefix("http://"), "HOST").replace(cloud.tenant.client_id, "APP")
        text = text.replace(cloud.tenant.tenant_id, "TENANT")
    return text


def test_nothing_is_in_the_way(cloud: Microsoft) -> None:
    """Way, token, permissions and each source are shown with what is worth knowing of them, and the exit code is 0."""
    done = finished("check", "--collector", "service_health", "--collector", "teams_usage", **cloud.three_variables())
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        steady(done.stdout, cloud)
        == """\
Checking 1 tenant with 2 collectors.
✓ HOST directly; TCP: N ms; answer: N ms; clocks agree within 1 s

TENANT (global)
✓ token: app APP by client_secret; valid until THEN
✓ permissions: 2 of 2 granted (Reports.Read.All, ServiceHealth.Read.All)
✓ names in reports are not concealed
collector       source          outcome  seconds
service_health  overviews       ok          N.NN
service_health  issues          ok          N.NN
teams_usage     users_activity  ok          N.NN  covers the days until DAY, 2 days ago
teams_usage     devices_usage   ok          N.NN  covers the days until DAY, 2 days ago
! The app of tenant TENANT may do more than anything enabled needs: SecurityEvents.Read.All.
  → Unless something else signs in by this app, revoke them at https://portal.azure.com: App registrations > API \
permissions > Revoke admin consent, then Remove permission.

Nothing is in the way: 4 of 4 sources of 1 tenant answered in N s.
"""
    )


def test_concealed_names(cloud: Microsoft) -> None:
    """They are no merit, and a doubt where a filter needs the names."""
    cloud.call(cloud.tenant.conceal_names)
    only = ("check", "--collector", "teams_usage")
    done = finished(*only, **cloud.three_variables(O365_TENANT_NAME="contoso"))
    assert "\n· names in reports are concealed: people show as hashes; totals do not change\n" in done.stdout
    assert "As long as names are concealed" not in done.stdout
    done = finished(
        *only, **cloud.three_variables(O365_TENANT_NAME="contoso", O365_COLLECTORS__TEAMS_USAGE__USERS__INCLUDE=".*@")
    )
    sentence = "As long as names are concealed in tenant contoso, collectors.teams_usage.users matches nobody."
    assert f"\n! {sentence}\n  → An administrator of the tenant shows the names: Microsoft 365" in done.stdout


def test_a_wrong_clock(cloud: Microsoft) -> None:
    """It stops nothing yet, and the last line says it all the same; the command that keeps it right stands above."""
    cloud.call(lambda: cloud.simulator.switch(date_skew=3600))
    done = finished("check", "--collector", "service_health", **cloud.three_variables())
    assert done.returncode == 0
    assert (
        "\n! The clock of the machine that runs the exporter is 60 minutes behind Microsoft's: set it, and let it be "
        "kept (NTP).\n  → On Linux: timedatectl set-ntp true (of a container, on its host).\n"
    ) in done.stdout
    assert (
        steady(done.stdout).splitlines()[-1]
        == "Nothing is in the way, but the clock of this machine is 60 minutes behind Microsoft's: 2 of 2 sources of 1 "
        "tenant answered in N s."
    )


def test_a_wrong_secret(cloud: Microsoft) -> None:
    """The look of the secret, the cause in one sentence, and the command that makes another; nothing more is asked."""
    guid = "0123abcd-1111-2222-3333-444455556666"
    done = finished("check", **cloud.three_variables(O365_CLIENT_SECRET=guid, O365_TENANT_NAME="contoso"))
    assert done.returncode == 1
    assert (
        steady(done.stdout, cloud).replace(f"{SOURCES} ", "ALL ").replace(f"{COLLECTORS} ", "ALL ")
        == """\
Checking 1 tenant with ALL collectors.
! O365_CLIENT_SECRET in the environment is a GUID, as the ID of a secret is: write the secret's Value, which the \
portal shows only once.
✓ HOST directly; TCP: N ms; answer: N ms; clocks agree within 1 s
✗ 1  The client secret of tenant contoso is wrong: it is a GUID, as the ID of a secret is (AADSTS7000215).
     → It stands in O365_CLIENT_SECRET in the environment: write the value there, not the ID, of a secret of the app \
APP; then start the exporter anew.
     → Or, where nobody has the right one any more, make a new one:
     → az login --tenant TENANT --allow-no-subscriptions
     → az ad app credential reset --id APP --append --years 1 --query password --output tsv
     → What it prints is the new secret: write it into O365_CLIENT_SECRET in the environment; then start the exporter \
anew.

contoso (global)
✗ token: app APP by client_secret: problem 1
✗ sources: none of the ALL was asked

✗ 1  stops ALL sources of contoso
1 problem: 0 of ALL sources of 1 tenant answered in N s.
"""
    )
    assert guid not in done.stdout + done.stderr
    assert not cloud.asked("/v1.0/subscribedSkus")


def test_a_missing_permission(cloud: Microsoft) -> None:
    """It is told once for all sources that lack it, with the commands and the address by which it is granted."""
    cloud.call(lambda: cloud.tenant.withdraw(["Organization.Read.All", "LicenseAssignment.Read.All"]))
    done = finished("check", "--collector", "subscriptions", **cloud.three_variables(O365_TENANT_NAME="contoso"))
    assert done.returncode == 1
    lines = steady(done.stdout, cloud).splitlines()
    assert lines[2].startswith("✗ 1  The app APP lacks the application permission ")
    assert [line for line in lines if line.startswith("     → ")][1:] == [
        "     → az login --tenant TENANT --allow-no-subscriptions",
        "     → az ad app permission add --id APP --api 00000003-0000-0000-c000-000000000000 --api-permissions "
        "498476ce-e0fe-48b0-b801-37ba7e2685c6=Role",
        "     → az ad app permission admin-consent --id APP",
        "     → Admin consent by an address instead: https://login.microsoftonline.com/TENANT/adminconsent?client_id=APP",
        "     → All that is needed, as a script: o365-exporter permissions --format az (or powershell, terraform)",
    ]
    assert "! permissions: 0 of 1 granted; missing: Organization.Read.All" in lines
    assert "subscriptions  skus           permission     N.NN  problem 1" in lines
    assert "subscriptions  subscriptions  permission     N.NN  problem 1" in lines
    assert "✗ 1  stops 2 sources of contoso" in lines


async def checked(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command run to its end, while servers of this loop answer it."""
    return await anyio.to_thread.run_sync(lambda: finished("check", *arguments, **variables))


@pytest.mark.parametrize(
    ("login", "refusal", "said"),
    [
        (
            "",
            "407 Proxy Authentication Required",
            """\
✗ 1  The proxy PROXY (HTTPS_PROXY) asks for a user and a password (407).
     → Put them into the proxy's address, as http://user:password@host:port.
✗ graph.microsoft.com:443 through the proxy PROXY (HTTPS_PROXY): problem 1
""",
        ),
        (
            "me:canary-password@",
            "407 Proxy Authentication Required",
            """\
✗ 1  The proxy PROXY (HTTPS_PROXY) refuses the user and the password in its address (407).
     → Correct them where that address is set; special characters are written percent-encoded.
✗ graph.microsoft.com:443 through the proxy PROXY (HTTPS_PROXY): problem 1
""",
        ),
        (
            "me:canary-password@",
            "403 Forbidden",
            """\
✗ 1  The proxy PROXY (HTTPS_PROXY) does not connect to login.microsoftonline.com (403 Forbidden).
     → Allow login.microsoftonline.com on the proxy.
✗ 2  The proxy PROXY (HTTPS_PROXY) does not connect to graph.microsoft.com (403 Forbidden).
     → Allow graph.microsoft.com on the proxy.
""",
        ),
    ],
)
async def test_a_proxy_that_refuses(login: str, refusal: str, said: str) -> None:
    """It is named with the variable that sets it; what it refuses whomever it is asked for is told once."""
    async with Proxy(0, answer(b"", refusal)).open() as door:
        done = await checked(**REAL, HTTPS_PROXY=f"http://{login}127.0.0.1:{door}")
    assert done.returncode == 1
    told = done.stdout.replace(f"http://127.0.0.1:{door}", "PROXY")
    first, _, rest = told.partition(f"Checking 1 tenant with {COLLECTORS} collectors.\n")[2].partition(
        "\ncontoso (global)\n"
    )

    assert sorted(steady_order(first)) == sorted(steady_order(said))
    assert "canary" not in done.stdout + done.stderr
    assert f"✗ sources: none of the {SOURCES} was asked" in rest


def steady_order(said: str) -> list[str]:
    """Lines without the numbers of problems: which of two ways is known first is chance."""
    swapped = {"login.microsoftonline.com": "HOST", "graph.microsoft.com": "HOST"}
    for name, steady in swapped.items():
        said = said.replace(name, steady)
    return said.splitlines()


async def test_a_proxy_that_cannot_be_reached(unused_tcp_port: int) -> None:
    """One dead proxy is one problem, whatever hosts are behind it."""
    done = await checked(**REAL, HTTPS_PROXY=f"http://127.0.0.1:{unused_tcp_port}")
    assert done.returncode == 1
    assert re.search(
        rf"✗ 1  The proxy http://127\.0\.0\.1:{unused_tcp_port} \(HTTPS_PROXY\) on the way to \S+ cannot be "
        r"reached: .*\n"
        r"     → Check the proxy's address, and that it runs; then the firewall of this machine\.\n",
        done.stdout,
    )
    assert "✗ 2" not in done.stdout


async def test_a_proxy_that_passes_nothing_on() -> None:
    """What it holds back is its own, and told once."""
    async with listening(hanging) as door:
        done = await checked(**REAL, HTTPS_PROXY=f"http://127.0.0.1:{door}", O365_REQUEST_TIMEOUT="1")
    assert done.returncode == 1
    assert re.search(
        rf"✗ 1  The proxy http://127\.0\.0\.1:{door} \(HTTPS_PROXY\) took the connection, and did not say within 1 s "
        r"whether it has one to \S+:443\.\n"
        r"     → See in its log whether it may reach that host, or is stuck\.\n",
        done.stdout,
    )
    assert "✗ 2" not in done.stdout


async def test_a_proxy_that_opens_tls(tmp_path: Path) -> None:
    """Whose certificate is shown in place of Microsoft's is told, once, and how to trust it."""
    _, context = certificates(tmp_path)
    async with listening(hanging, context) as target, Proxy(target).open() as door:
        done = await checked(**REAL, HTTPS_PROXY=f"http://127.0.0.1:{door}")
    assert done.returncode == 1
    assert re.search(
        rf"✗ 1  The certificate of \S+:443 \(through the proxy http://127\.0\.0\.1:{door} \(HTTPS_PROXY\)\) is "
        r"not trusted: unable to get local issuer certificate\. It was issued by 'Test authority'\.\n"
        r"     → If a proxy of your network opens TLS, put its certificate authority into a PEM file and set ca_file "
        r"in the settings \(O365_CA_FILE\)\.\n",
        done.stdout,
    )
    assert "✗ 2" not in done.stdout


def test_a_firewall_that_drops(cloud: Microsoft) -> None:
    """Host, port and way are named when the connection is given up, and the tenants that need it are counted."""
    with firewall() as place:
        done = finished("check", **cloud.three_variables(O365_REQUEST_TIMEOUT="1", O365_LOGIN_URL=f"http://{place}"))
    assert done.returncode == 1
    assert f"✗ 1  No TCP connection to {place} (directly) within 1 s.\n" in done.stdout
    assert (
        f"     → A firewall that drops packets shows like this: let this machine reach {place}. Where the network lets "
        "nothing out but by a proxy, set proxy (O365_PROXY or HTTPS_PROXY), and see that NO_PROXY does not cover this "
        "host.\n"
    ) in done.stdout
    assert f"✗ 1  stops {SOURCES} sources of {cloud.tenant.tenant_id}\n" in done.stdout


def test_machines_read_json(cloud: Microsoft) -> None:
    """One object on standard output and nothing else; problems have numbers to which tenants and sources refer."""
    name = "a\u2028b\x9b31m\N{RIGHT-TO-LEFT OVERRIDE}"
    cloud.call(lambda: cloud.tenant.withdraw(["ServiceHealth.Read.All"]))
    done = finished("check", "--format", "json", **cloud.three_variables(O365_TENANT_NAME=name))
    assert (done.returncode, done.stderr) == (1, "")
    assert all(line.isprintable() for line in done.stdout.split("\n"))
    found: dict[str, Any] = json.loads(done.stdout)
    (problem,) = found["problems"]
    (tenant,) = found["tenants"]
    assert found["ok"] is False
    assert (problem["number"], problem["reason"], problem["tenants"], problem["sources"]) == (
        1,
        "permission",
        [name],
        2,
    )
    assert tenant["roles"]["missing"] == ["ServiceHealth.Read.All"]
    assert tenant["names_concealed"] is False
    assert tenant["token"]["credential_ends"] is not None
    states = {(each["collector"], each["source"]): (each["state"], each["problem"]) for each in tenant["sources"]}
    assert states["service_health", "overviews"] == ("permission", 1)
    assert states["subscriptions", "skus"] == ("ok", None)


def test_many_tenants_are_a_table_of_those_in_trouble() -> None:
    """One cause is told once for all of them, and whoever is well is counted and not shown."""
    with microsoft(SimulatorOptions.many(8, users=20)) as cloud:
        cloud.break_(path="*/token", aadsts=53003, tenant=next(iter(cloud.simulator.tenants)))
        done = finished("check", "--collector", "service_health", **many_variables(cloud))
    name = next(iter(cloud.simulator.tenants))
    assert done.returncode == 1
    assert done.stdout.startswith("Checking 8 tenants with 1 collector each.\n")
    assert f"✗ 1  Conditional Access of tenant {name} blocks the app" in done.stdout
    assert f"\n{name}  ✗      0 of 2   1" in done.stdout
    assert "1 problem: 14 of 16 sources of 8 tenants answered in " in done.stdout


def test_one_tenant_of_many() -> None:
    """``--tenant`` leaves the others alone, and a name that does not exist is exit code 2 with a guess."""
    with microsoft(SimulatorOptions.many(2, users=20)) as cloud:
        variables = many_variables(cloud)
        done = finished("check", "--tenant", "fabrikam", "--collector", "service_health", **variables)
        wrong = finished("check", "--tenant", "fabrican", **variables)
    assert done.returncode == 0
    assert "fabrikam (global)" in done.stdout
    assert "contoso" not in done.stdout
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "--tenant 'fabrican': there is no tenant of that name: did you mean fabrikam?" in wrong.stderr


def test_wrong_settings_are_exit_code_2() -> None:
    """Every fault is on standard error, and nobody is asked."""
    done = finished("check", O365_TENANT_ID="nowhere")
    assert (done.returncode, done.stdout) == (2, "")
    assert "O365_TENANT_ID" in done.stderr


def test_a_signal_ends_it(cloud: Microsoft, tmp_path: Path) -> None:
    """The exit code is that of the signal, and how far it came is said."""
    cloud.break_(path="/v1.0/subscribedSkus", hang=True)
    with running(tmp_path, "check", **cloud.three_variables()) as program:
        eventually(lambda: cloud.asked("/v1.0/subscribedSkus"))
        assert program.stop(signal.SIGINT) == 130
        assert re.search(r"\nStopped after 0 of 1 tenant, in \d+\.\d s\.\n$", program.out)
        assert "Traceback" not in program.err


def test_a_terminal_sees_how_far_it_is(cloud: Microsoft) -> None:
    """While tenants are checked, a line says how many are done."""
    cloud.break_(path="*/token", hang=True)
    terminal, its_end = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, "check"], env=environment(cloud.three_variables(TERM="xterm")), stdout=its_end, stderr=its_end
    )
    os.close(its_end)
    seen = b""
    while b"0 of 1 tenant checked" not in seen:
        seen += os.read(terminal, 4096)
    process.send_signal(signal.SIGINT)
    while b"Stopped after 0 of 1 tenant" not in seen:
        seen += os.read(terminal, 4096)
    assert process.wait() == 130
    os.close(terminal)
