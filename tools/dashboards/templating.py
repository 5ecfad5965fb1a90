"""The JSON of what stands above the panels and on the time axis: variables and annotations."""

from __future__ import annotations

from tools.dashboards.fields import SOURCE, Json
from tools.dashboards.model import Dashboard, Variable
from tools.dashboards.queries import scoped

TENANTS = Variable("tenant", "Tenant", "label_values(o365_tenant_info, tenant)")

_DATASOURCE: Json = {
    "type": "datasource",
    "name": "datasource",
    "label": "Prometheus",
    "query": "prometheus",
    "regex": "",
    "refresh": 1,
    "multi": False,
    "includeAll": False,
    "options": [],
    "current": {},
    "hide": 0,
    "skipUrlSync": False,
}


_RUNBOOKS: Json = {
    "type": "query",
    "name": "runbooks",
    "label": "Runbooks",
    "datasource": SOURCE,
    "regex": '/to="([^"]+)"/',
    "sort": 0,
    "refresh": 1,
    "multi": False,
    "includeAll": False,
    "options": [],
    "current": {},
    "hide": 2,
    "skipUrlSync": True,
}
# Also of an exporter that is down: its replica may answer at the same address.
_FOLDER = """\
topk(1, group by (to) (
  label_replace(
    label_replace(
      last_over_time(o365_exporter_runbooks_info[1d]), "to", "http://$1/runbooks/", "instance", "(.+)"
    ),
    "to", "$1", "url", "(.+)"
  )
))"""


def _runbooks() -> Json:
    """The folder of the runbooks: where the exporter's settings say, or else the exporter, as Prometheus reaches it."""
    query = f"query_result({_FOLDER})"
    asked = {"qryType": 3, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"}
    return _RUNBOOKS | {"definition": query, "query": asked}


def _variable(variable: Variable) -> Json:
    query = scoped(variable.query) if variable is not TENANTS else variable.query
    return {
        "type": "query",
        "name": variable.name,
        "label": variable.title,
        "datasource": SOURCE,
        "definition": query,
        "query": {"qryType": 1, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
        "regex": "",
        "sort": 1,
        "refresh": 2,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "options": [],
        "current": {"text": ["All"], "value": ["$__all"]},
        "hide": 0,
        "skipUrlSync": False,
    }


_INCIDENTS = """\
1000 * max by (tenant, service_name, issue_id, title) (
  o365_service_issue_start_timestamp_seconds
    * on (tenant, service_id, issue_id, job, instance) group_left (service_name, title)
  o365_service_issue_info{classification=~"incident|unknown"}
)"""
_FIRING = (
    'max by (alertname, tenant, severity) (ALERTS{alertname=~"O365.+",alertstate="firing",tenant=~`${tenant:regex}|`})'
)


def choices(dashboard: Dashboard) -> list[Json]:
    """The Prometheus, the tenants, the dashboard's own choices, and what nobody chooses: where the runbooks are."""
    return [_DATASOURCE, *(_variable(each) for each in (TENANTS, *dashboard.variables)), _runbooks()]


def marks(*, incidents: bool) -> list[Json]:
    """Marks where incidents begin, which are on at first where they explain something, and where alerts fire."""
    return [
        {
            "name": "Incidents begin",
            "datasource": SOURCE,
            "enable": incidents,
            "hide": False,
            "iconColor": "red",
            "expr": scoped(_INCIDENTS),
            "useValueForTime": True,
            "step": "60s",
            "titleFormat": "{{issue_id}} {{service_name}}",
            "textFormat": "{{title}}",
            "tagKeys": "tenant",
        },
        {
            "name": "Alerts firing",
            "datasource": SOURCE,
            "enable": False,
            "hide": False,
            "iconColor": "orange",
            "expr": _FIRING,
            "useValueForTime": False,
            "step": "60s",
            "titleFormat": "{{alertname}}",
            "textFormat": "{{severity}}",
            "tagKeys": "tenant",
        },
    ]
