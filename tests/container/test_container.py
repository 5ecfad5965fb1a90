"""`docker run`: real containers, hardened, watch the simulator of the test."""

from __future__ import annotations

import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from o365_exporter import __version__
from tests.container.engine import HOST, Container, container, finished, inspected
from tests.e2e.programs import Microsoft, eventually, microsoft
from tools.stack import free_port

pytestmark = pytest.mark.long("container", 80)

WRITES = """
import os, tempfile
print(os.getuid(), os.getgid())
for folder in ("/", "/app", "/app/o365_exporter", "/opt/venv", "/tmp", "/var/tmp", "/dev/shm"):
    try:
        tempfile.TemporaryFile(dir=folder).close()
        print(folder)
    except OSError:
        pass
"""

SECRET = "o365_client_secret"
SERVICES = 30
"""How many the simulator has."""


@pytest.fixture(scope="module")
def watcher(image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """A container that has been told three variables and the addresses of a simulator, and has polled everything."""
    folder = tmp_path_factory.mktemp("run")
    with microsoft() as cloud, container(folder, image, **cloud.three_variables()) as started:
        started.ready()
        yield started


def test_three_variables_are_enough(watcher: Container) -> None:
    """The tenant is up, and everything about it is served."""
    page = httpx.get(f"{watcher.url()}/metrics").text
    families = {family.name: family for family in text_string_to_metric_families(page)}
    assert [sample.value for sample in families["o365_exporter_tenant_up"].samples] == [1.0]
    assert len(families["o365_service_health_status"].samples) == SERVICES
    assert families["o365_exporter_build_info"].samples[0].labels["version"] == __version__


def test_it_is_nobody_and_can_write_nowhere(watcher: Container) -> None:
    """Neither files of its own nor the usual places; memory that processes share is the engine's, not the image's."""
    done = watcher.execute("python", "-c", WRITES)
    user, *writable = done.stdout.splitlines()
    assert (user, set(writable) - {"/dev/shm"}) == ("65532 65532", set())  # noqa: S108 - looked at, not used


@pytest.mark.parametrize("host", ["", "127.0.0.1", "0.0.0.0"])  # noqa: S104 - asked, not listened on
def test_the_health_check_finds_it(image: str, watcher: Container, host: str) -> None:
    """Without a shell, wherever O365_LISTEN says that the exporter listens."""
    kind, *command = inspected(image)["Healthcheck"]["Test"]
    port = watcher.url().rpartition(":")[2]
    done = watcher.execute(*command, O365_LISTEN=f"{host}:{port}")
    assert (kind, done.returncode, done.stdout, done.stderr) == ("CMD", 0, "", "")


def test_the_health_check_misses_it(image: str, watcher: Container) -> None:
    """Exit code 1, which engines take for unhealthy, where nothing listens."""
    command = inspected(image)["Healthcheck"]["Test"][1:]
    done = watcher.execute(*command, O365_LISTEN=f":{free_port()}")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        1,
        "ConnectionRefusedError: [Errno 111] Connection refused",
    )


def test_the_health_check_does_not_wait_for_ever(image: str, watcher: Container) -> None:
    """Exit code 1 before the engine's own limit, where something accepts and says nothing."""
    found = inspected(image)["Healthcheck"]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = watcher.execute(*found["Test"][1:], O365_LISTEN=f"127.0.0.1:{silent.getsockname()[1]}")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, "TimeoutError: timed out")
    (own,) = re.findall(r"timeout=(\d+)", found["Test"][-1])
    assert int(own) < found["Timeout"] / 1e9


@pytest.mark.parametrize("place", ["a file that a variable names", "the directory of secrets"])
def test_secrets_are_files(image: str, cloud: Microsoft, tmp_path: Path, place: str) -> None:
    """Mounted read-only, as Docker and Kubernetes do; neither page nor log shows them."""
    variables = cloud.three_variables()
    secrets = tmp_path / "secrets"
    secrets.mkdir(mode=0o755)
    (secrets / SECRET).write_text(variables.pop("O365_CLIENT_SECRET"), "utf-8")
    mount = f"{secrets}:/run/secrets:ro"
    if place.startswith("a file"):
        mount = f"{secrets / SECRET}:/etc/o365/secret:ro"
        variables["O365_CLIENT_SECRET_FILE"] = "/etc/o365/secret"
    with container(tmp_path, image, options=[*HOST, "--volume", mount], **variables) as started:
        page = httpx.get(f"{started.ready()}/metrics").text
    assert f'o365_exporter_tenant_up{{tenant="{cloud.tenant.tenant_id}"}} 1.0' in page
    assert cloud.tenant.client_secret not in page + started.out + started.err


def test_a_file_of_settings(image: str, cloud: Microsoft, tmp_path: Path) -> None:
    """A mounted TOML file is given as an option, after the command."""
    variables = cloud.three_variables()
    settings = tmp_path / "o365.toml"
    settings.write_text('tenant_name = "From the file"\n', "utf-8")
    options = [*HOST, "--volume", f"{settings}:/etc/o365/o365.toml:ro"]
    with container(tmp_path, image, "run", "--config", "/etc/o365/o365.toml", options=options, **variables) as started:
        page = httpx.get(f"{started.ready()}/metrics").text
    assert 'o365_exporter_tenant_up{tenant="From the file"} 1.0' in page


STATE = """
import pathlib
print(*(path.suffix for path in sorted(pathlib.Path("/var/lib/o365-exporter").iterdir())))
"""


def test_state_is_kept_in_its_volume(watcher: Container) -> None:
    """Without anybody's doing, and in the one folder that can be written."""
    page = httpx.get(f"{watcher.url()}/metrics").text
    assert "o365_exporter_state_write_success 1.0" in page
    assert watcher.execute("python", "-c", STATE).stdout.split() == [".state"]


def test_any_user_will_do(image: str, cloud: Microsoft, tmp_path: Path) -> None:
    """OpenShift chooses a user of its own, of which the image knows nothing."""
    options = [*HOST, "--user", "1000650000:0"]
    with container(tmp_path, image, options=options, **cloud.three_variables()) as started:
        started.ready()
        done = started.execute("python", "-c", "import os; print(os.getuid())")
        eventually(lambda: "o365_exporter_state_write_success 1.0" in httpx.get(f"{started.url()}/metrics").text)
    assert done.stdout == "1000650000\n"


def test_docker_stop(image: str, cloud: Microsoft, tmp_path: Path) -> None:
    """The image's signal ends it within five seconds, with exit code 0, although it is process 1 of its container."""
    with container(tmp_path, image, **cloud.three_variables()) as started:
        started.ready()
        code = started.stop_by_engine()
    assert code == 0
    assert [line["signal"] for line in started.logged("stopping")] == [signal.SIGTERM.name]
    assert "Traceback" not in started.err


def test_the_demo_behind_a_published_port(image: str, tmp_path: Path) -> None:
    """In a network of its own, as README starts it; the health check asks the usual port."""
    port = free_port()
    options = ["--publish", f"127.0.0.1:{port}:10365"]
    command = inspected(image)["Healthcheck"]["Test"][1:]
    with container(tmp_path, image, "demo", "--listen", ":10365", options=options) as started:
        eventually(lambda: httpx.get(f"http://127.0.0.1:{port}/-/ready").is_success)
        page = httpx.get(f"http://127.0.0.1:{port}/metrics").text
        health = started.execute(*command)
        code = started.stop_by_engine()
    assert 'o365_exporter_tenant_up{tenant="contoso"} 1.0' in page
    assert 'o365_exporter_tenant_up{tenant="fabrikam"} 1.0' in page
    assert (health.returncode, code) == (0, 0)
    assert started.out.startswith("Watching 2 simulated tenants: contoso, fabrikam\n")


def test_the_version(image: str) -> None:
    """An option in place of the command reaches the program."""
    done = finished(image, "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"o365-exporter {__version__}\n", "")


def test_wrong_settings(image: str) -> None:
    """Exit code 2, and a sentence for each fault, which names the variable."""
    done = finished(image, O365_TENANT_ID="nowhere", O365_CLIENT_ID="x", O365_LOG_LEVEL="loud")
    assert (done.returncode, done.stdout) == (2, "")
    assert all(line.startswith("o365-exporter: ") for line in done.stderr.splitlines())
    for name in ("O365_TENANT_ID", "O365_CLIENT_ID", "O365_CLIENT_SECRET", "O365_LOG_LEVEL"):
        assert name in done.stderr


def test_a_secret_that_the_user_may_not_read(image: str, tmp_path: Path) -> None:
    """Exit code 2, and a sentence with the path, the cause and the remedy."""
    (tmp_path / SECRET).write_text("x", "utf-8")
    (tmp_path / SECRET).chmod(0o600)
    tmp_path.chmod(0o755)
    done = finished(image, options=["--volume", f"{tmp_path}:/run/secrets:ro"])
    assert done.returncode == 2
    assert f"/run/secrets/{SECRET} cannot be read (Permission denied): let the exporter's user read it" in done.stderr
