"""Which test meets which sample, or why no endpoint of this version can: no sample is forgotten."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import pytest

from tests.samples import test_samples_of_directory as directory
from tests.samples import test_samples_of_errors as errors
from tests.samples import test_samples_of_health as health
from tests.samples import test_samples_of_messages as messages
from tests.samples import test_samples_of_reports as reports

MET = {
    "healthoverviews-list.json": health.test_healthoverviews_list,
    "healthoverviews-get-expand-issues.beta.json": health.test_an_expanded_overview,
    "issues-list.json": health.test_issues_list,
    "issues-get.beta.json": health.test_issues_get,
    "synthetic-healthoverviews-expand-issues.json": health.test_a_tenant_of_29_services,
    "applications-list.json": directory.test_applications_list,
    "applications-get.json": directory.test_applications_get,
    "synthetic-applications-credentials.json": directory.test_applications_with_credentials,
    "subscribedskus-list.json": directory.test_skus_and_subscriptions,
    "directory-subscriptions-list.json": directory.test_skus_and_subscriptions,
    "organization-list.json": errors.test_an_answer_to_another_question,
    "applications-count.json": errors.test_an_answer_to_another_question,
    "batch-response.json": errors.test_a_403_without_a_code,
    "error-401.json": errors.test_error_401,
    "error-403.json": errors.test_error_403,
    "error-429.json": errors.test_error_429_for_good,
    "error-503.json": errors.test_error_503,
    "error-generic-shape.json": errors.test_error_of_the_generic_shape,
    "token-success.json": errors.test_token_success,
    "token-error-7000215.json": errors.test_token_errors,
    "token-error-70011.json": errors.test_token_errors,
    "token-error-90002.json": errors.test_token_errors,
    "report-redirect-302.json": reports.test_report_redirect,
    "getemailactivityuserdetail.csv": reports.test_emails,
    "getskypeforbusinessactivityuserdetail.csv": reports.test_skype,
    "getteamsdeviceusageuserdetail.csv": reports.test_teams_devices,
    "synthetic-getmailboxusagedetail.csv": reports.test_mailboxes,
    "synthetic-getskypeforbusinessactivityuserdetail-empty.csv": reports.test_skype_without_rows,
    "synthetic-getemailactivitycounts.csv": reports.test_a_trend_over_seven_days,
    "messages-list.beta.json": messages.test_messages_list,
    "messages-get.beta.json": messages.test_messages_get,
    "admin-reportsettings.json": reports.test_names_are_concealed_by_a_setting,
}
"""The test that reads each sample."""

NOT_MET = {
    "applications-owners.json": "owners are not asked for",
    "applications-federatedidentitycredentials.json": "federated credentials do not expire and are not asked for",
    "serviceprincipals-list.json": "service principals are not watched",
    "serviceprincipals-get.json": "service principals are not watched",
    "serviceprincipals-delta.json": "service principals are not watched, and nothing is asked by delta",
    "synchronization-jobs-list.json": "provisioning is not watched",
    "domains-list.json": "domains are not watched",
    "batch-request.json": "nothing is asked in batches, and this is a request",
}
"""Samples of the domains that are watched, which no endpoint in use answers with."""

OTHER_DOMAINS = {
    "e": "the web service for Office 365 addresses is not asked",
    "h": "Intune, security and sign-ins are not watched",
}

REPORTS = "d"
"""The domain of usage reports. Its CSV files are all read by ``reports.test_every_report_file``; what there is besides
are answers in JSON, which Graph gives in beta only and nobody asks for."""


@pytest.fixture(scope="module")
def samples(shared: Path) -> dict[str, str]:
    """Every sample's domain."""
    index = json.loads((shared / "graph" / "samples" / "index.json").read_text("utf-8"))
    return {entry["file"]: entry["domain"] for entry in index["samples"]}


def test_every_sample_is_met_or_has_a_reason(samples: dict[str, str]) -> None:
    """Each sample stands in one of the tables, and the tables name no other."""
    elsewhere = {
        file for file, domain in samples.items() if domain in OTHER_DOMAINS or (domain == REPORTS and file not in MET)
    }
    assert sorted([*MET, *NOT_MET, *elsewhere]) == sorted(samples)


def test_the_tests_of_the_table_read_their_samples() -> None:
    """Each test that the table names has the sample's name in it."""
    sources = "".join(inspect.getsource(module) for module in (health, directory, errors, messages, reports))
    assert [file for file in MET if f'"{file}"' not in sources] == []
