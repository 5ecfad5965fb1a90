"""The image, built without a registry, and real containers of it, as a machine without systemd can run them."""

from __future__ import annotations

import fcntl
import json
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.programs import ROOT, Running
from tests.fakes import PATIENCE

NAME = "o365-exporter-test"
PODMAN = ("podman", "--cgroup-manager", "cgroupfs", "--runtime", "runc")
RUN = (
    *(*PODMAN, "run", "--rm", "--http-proxy=false", "--no-healthcheck"),
    *("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"),  # a virtual machine may not raise its limits
    *("--read-only", "--read-only-tmpfs=false", "--cap-drop=all", "--security-opt=no-new-privileges"),
)
"""As hardened as docs/container.md shows, and with nothing of the environment of whoever runs the tests."""
HOST = ("--network=host",)
"""The test's own network, where its simulator is."""


def build() -> str:
    """The id of the image. One at a time, whatever runs beside: what the first has built is there for the next."""
    with Path(tempfile.gettempdir(), f"{NAME}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = [str(ROOT / "tools" / "container"), "--stand-in", NAME]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()[-1]


def inspected(image: str) -> dict[str, Any]:
    """What the engine knows of an image."""
    done = subprocess.run([*PODMAN, "image", "inspect", image], capture_output=True, check=True)
    (found,) = json.loads(done.stdout)
    return dict(found)


def finished(
    image: str, *arguments: str, options: Sequence[str] = HOST, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a container to its end; one that does not end is killed by the engine."""
    command = [*RUN, f"--timeout={PATIENCE:.0f}", *options, *_set(variables), image, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


class Container(Running):
    """A container while it runs; where it serves and what it logs is read as of any other process."""

    def __init__(self, folder: Path, image: str, *arguments: str, options: Sequence[str], **variables: str) -> None:
        self._name = f"{NAME}-{uuid.uuid4().hex}"
        self._out, self._err = folder / "stdout", folder / "stderr"
        command = [*RUN, "--name", self._name, *options, *_set(variables), image, *arguments]
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(command, stdout=out, stderr=err, stdin=subprocess.DEVNULL)

    def execute(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run another command inside, to its end."""
        line = [*PODMAN, "exec", *_set(variables), self._name, *command]
        return subprocess.run(line, capture_output=True, text=True, check=False, timeout=PATIENCE)

    def stop_by_engine(self) -> int:
        """Exit code after `docker stop`; 137 if it did not end within five seconds and was killed."""
        subprocess.run([*PODMAN, "stop", "--time", "5", self._name], capture_output=True, check=True)
        return self.process.wait(PATIENCE)

    def remove(self) -> None:
        """End it, whatever state it is in."""
        subprocess.run([*PODMAN, "rm", "--force", "--ignore", self._name], capture_output=True, check=False)
        self.process.kill()
        self.process.wait()


@contextmanager
def container(
    folder: Path, image: str, *arguments: str, options: Sequence[str] = HOST, **variables: str
) -> Iterator[Container]:
    """Run a container while the context lasts."""
    started = Container(folder, image, *arguments, options=options, **variables)
    try:
        yield started
    finally:
        started.remove()


def _set(variables: dict[str, str]) -> list[str]:
    return [f"--env={name}={value}" for name, value in variables.items()]
