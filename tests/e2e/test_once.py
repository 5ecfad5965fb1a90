"""``once``: one poll of everything, as a check or to see what there is."""

from __future__ import annotations

import subprocess

from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.programs import Microsoft, finished


def sources(page: str) -> set[tuple[str, str]]:
    """Each source with its state."""
    families = {family.name: family for family in text_string_to_metric_families(page)}
    found = families["o365_exporter_source_state"].samples
    return {(sample.labels["source"], sample.labels["state"]) for sample in found}


def test_everything_succeeds(cloud: Microsoft, promtool: str) -> None:
    """Exit code 0, the exposition on standard output, no complaint by promtool, nothing but log lines elsewhere."""
    done = finished("once", **cloud.three_variables())
    assert done.returncode == 0
    assert sources(done.stdout) == {
        ("applications", "ok"),
        ("devices_usage", "ok"),
        ("email_activity", "ok"),
        ("issues", "ok"),
        ("mailbox_quota", "ok"),
        ("mailbox_usage", "ok"),
        ("overviews", "ok"),
        ("settings", "ok"),
        ("skus", "ok"),
        ("subscriptions", "ok"),
        ("users_activity", "ok"),
    }
    assert all(line.startswith("{") for line in done.stderr.splitlines())
    check = subprocess.run(
        [promtool, "check", "metrics"], input=done.stdout, capture_output=True, text=True, check=False
    )
    assert (check.returncode, check.stdout, check.stderr) == (0, "", "")


def test_a_missing_permission_is_exit_code_1(cloud: Microsoft) -> None:
    """What could be had is printed all the same, and the log says which permission is missing."""
    cloud.call(lambda: cloud.tenant.withdraw(["Application.Read.All"]))
    done = finished("once", **cloud.three_variables())
    assert done.returncode == 1
    assert ("applications", "permission") in sources(done.stdout)
    assert ("skus", "ok") in sources(done.stdout)
    assert "lacks the application permission Application.Read.All" in done.stderr


def test_one_collector_alone(cloud: Microsoft) -> None:
    """Only its endpoints are asked, and what is wrong elsewhere does not matter."""
    cloud.call(lambda: cloud.tenant.withdraw(["Application.Read.All"]))
    done = finished("once", "--collector", "subscriptions", **cloud.three_variables())
    assert done.returncode == 0
    assert sources(done.stdout) == {("skus", "ok"), ("subscriptions", "ok")}
    assert cloud.asked("/v1.0/*") == cloud.asked("/v1.0/subscribedSkus") + cloud.asked("/v1.0/directory/subscriptions")


def test_a_collector_that_is_switched_off(cloud: Microsoft) -> None:
    """To ask for it is exit code 2 and a sentence, never an empty success."""
    off = {"O365_COLLECTORS__SUBSCRIPTIONS__ENABLED": "false"}
    done = finished("once", "--collector", "subscriptions", **cloud.three_variables(**off))
    assert (done.returncode, done.stdout) == (2, "")
    assert "collectors.subscriptions.enabled = false for tenant" in done.stderr
