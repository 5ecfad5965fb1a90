"""``make demo-stack``: an incident that fires and resolves, in a browser, with the shipped rules many times as fast.

Simulator and exporter play a scenario; Prometheus and Alertmanager do what they would do in earnest.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from o365_exporter.simulator import ScenarioError, load_scenario
from tools import stack

_INTRODUCTION = """
Everything runs, {speed:g} times as fast as it is shipped: an hour of the rules lasts {hour:g} seconds.
  what fires       {alerts}
  what was sent    {receiver}/
  Alertmanager     {alertmanager}/api/v2/alerts
  metrics          {exporter}/metrics
"""

_INTERRUPTS = signal.SIGTERM, signal.SIGHUP
"""End the demo like Ctrl-C; the second comes from a terminal that is closed."""


def main() -> int:
    """Run until a program ends, or until SIGTERM, SIGHUP or Ctrl-C."""
    parser = argparse.ArgumentParser(description="Show an incident in Prometheus, Alertmanager and a receiver.")
    parser.add_argument("--scenario", default="exchange-outage", metavar="NAME", help="what happens (%(default)s)")
    scenario = parser.parse_args().scenario
    for number in _INTERRUPTS:
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup leaves SIGHUP
            signal.signal(number, _interrupt)
    try:
        load_scenario(scenario)
        programs = stack.Programs()
        with tempfile.TemporaryDirectory(prefix="demo-stack-") as folder:
            return _run(scenario, Path(folder), programs)
    except (ScenarioError, stack.MissingProgramError, stack.ProgramEndedError, TimeoutError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _run(scenario: str, folder: Path, programs: stack.Programs) -> int:
    target = f"127.0.0.1:{stack.free_port()}"
    command = [sys.executable, "-m", "o365_exporter", "demo", "--scenario", scenario, "--listen", target]
    with stack.child(command) as demo:
        stack.until_up(f"http://{target}/-/ready", process=demo)
        with stack.running(folder, [target], programs=programs) as running:
            print(
                _INTRODUCTION.format(
                    speed=stack.SPEED,
                    hour=3600 / stack.SPEED,
                    alerts=running.alerts_page(),
                    alertmanager=running.alertmanager,
                    receiver=running.receiver.url,
                    exporter=f"http://{target}",
                ),
                flush=True,
            )
            return _watch(demo, running)


def _watch(demo: subprocess.Popen[bytes], running: stack.Stack) -> int:
    """The exit code, once somebody has stopped the demo.

    Raises:
        ProgramEndedError: a program has ended otherwise.
    """
    while demo.poll() != 0:
        stack.ensure_running("o365-exporter demo", demo)
        running.ensure_running()
        time.sleep(0.5)
    return 0


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    for number in _INTERRUPTS:  # a closed terminal sends several, which must not interrupt the clearing up
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
