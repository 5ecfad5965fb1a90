"""Polls each source of each tenant on its own interval.

A source never overlaps itself, starts are spread out with health first, and one tenant's or source's trouble touches
no other: each has its own task, and what is remembered of it is replaced whole in the store.
"""

from o365_exporter.scheduler.memory import Memory
from o365_exporter.scheduler.scheduling import AT_ONCE, Scheduler
from o365_exporter.scheduler.tenants import Job, Tenant
from o365_exporter.scheduler.timing import FIRST_RETRY, JITTER, LAST_RETRY

__all__ = ["AT_ONCE", "FIRST_RETRY", "JITTER", "LAST_RETRY", "Job", "Memory", "Scheduler", "Tenant"]
