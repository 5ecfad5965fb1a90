"""``/sd``: what there is to scrape here, for Prometheus' HTTP service discovery.

One target for each tenant and one for the series of the process, at the address by which Prometheus has come. The form
is that of https://prometheus.io/docs/prometheus/latest/http_sd/.
"""

from __future__ import annotations

from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from o365_exporter.telemetry import TenantFacts

PROCESS_PATH = "/metrics/process"
"""Where the process-wide series are alone."""


def discovered(request: Request, tenants: Iterable[TenantFacts]) -> Response:
    """The targets as JSON; 400 for a client that does not say by which address it has come."""
    address = request.headers.get("host", "")
    if not address:
        return PlainTextResponse("The header Host is missing: it is the address of the targets.\n", 400)
    groups = [_group(address, _labels(tenant)) for tenant in tenants]
    return JSONResponse([*groups, _group(address, {"__metrics_path__": PROCESS_PATH})])


def _group(address: str, labels: dict[str, str]) -> dict[str, object]:
    return {"targets": [address], "labels": labels}


def _labels(tenant: TenantFacts) -> dict[str, str]:
    """Of one tenant's target; those that begin with ``__`` are gone after relabelling."""
    own = {f"__meta_o365_label_{name}": value for name, value in tenant.labels.items()}
    return {
        "__param_tenant": tenant.name,
        "__meta_o365_tenant": tenant.name,
        "__meta_o365_tenant_id": tenant.tenant_id,
        "__meta_o365_cloud": tenant.cloud.name,
        **own,
    }
