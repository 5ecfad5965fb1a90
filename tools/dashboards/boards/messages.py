"""The message centre: what Microsoft wants done by a date, what is new, and how many messages there are."""

from __future__ import annotations

from tools.dashboards import looks
from tools.dashboards.boards.parts import TENANT
from tools.dashboards.links import MESSAGE, MESSAGES
from tools.dashboards.model import Label, Lines, Query, Section, Table, Value
from tools.dashboards.queries import ROWS, rows

DATE = "o365_message_action_required_timestamp_seconds"
CHANGED = "o365_message_last_modified_timestamp_seconds"
ONE = "tenant, message_id"


def _of(what: str, labels: str = "") -> str:
    """A number of each message; ``labels`` are carried over from the info."""
    return (
        f"max by ({ONE}{', ' * bool(labels)}{labels}) (\n"
        f"  ({what})\n"
        f"    * on (tenant, message_id, job, instance) group_left ({labels})\n"
        "  o365_message_info\n"
        ")"
    )


def _soonest(expr: str) -> str:
    """A column of the messages whose date is next, or passed within the last 30 days."""
    return rows(expr, ONE, f"bottomk({ROWS}, max by ({ONE}) ({DATE}) > time() - 30 * 86400)")


def _newest(expr: str) -> str:
    """A column of the messages that Microsoft changed last."""
    return rows(expr, ONE, f"topk({ROWS}, max by ({ONE}) ({CHANGED}))")


ID = Label(name="message_id", title="Message", links=(MESSAGE,), width=110)
TITLE = Label(name="title", title="Title", width=420)
SERVICES = Label(name="services", title="Services", width=200)

ACTIONS = Table(
    key="actions",
    title="What Microsoft wants done",
    about=f"Messages with a date by which somebody must act, the {ROWS} soonest; those of the last 30 days too. That "
    "it has been done Microsoft does not notice.",
    columns=(
        TENANT,
        ID,
        TITLE,
        SERVICES,
        Value(
            title="By",
            expr=_soonest(_of(f"1000 * {DATE}", "title, services, severity")),
            unit="dateTimeAsIso",
            width=165,
        ),
        Value(
            title="Days left",
            expr=_soonest(_of(f"({DATE} - time()) / 86400")),
            unit="suffix: d",
            decimals=0,
            steps=looks.DAYS_OF_MESSAGE,
            width=90,
        ),
        Label(name="severity", title="Severity", states=looks.states("o365_messages", "severity"), width=90),
    ),
    order=("Days left",),
    height=7,
    empty="none, unless sources fail",
    alerts=("O365MessageActionRequired",),
    links=(MESSAGES,),
)

NEWS = Table(
    key="news",
    title="What Microsoft announces",
    about=f"The {ROWS} messages that were changed last; click one to read it in the admin centre.",
    columns=(
        TENANT,
        ID,
        TITLE,
        SERVICES,
        Value(
            title="Changed",
            expr=_newest(_of(f"1000 * {CHANGED}", "title, services, category, severity, major_change")),
            unit="dateTimeAsIso",
            width=165,
        ),
        Label(name="category", title="Category", states=looks.past("o365_messages", "category"), width=160),
        Label(name="severity", title="Severity", states=looks.states("o365_messages", "severity"), width=90),
        Label(name="major_change", title="Major", states=looks.past("o365_messages", "major_change"), width=80),
    ),
    order=("-Changed",),
    height=9,
    empty="none, unless sources fail",
    links=(MESSAGES,),
)

SECTION = Section(
    "message_center",
    "Message centre",
    (
        ACTIONS,
        NEWS,
        Lines(
            key="messages_over_time",
            title="Messages",
            about="That are served: not ended and changed within keep of the settings, or with a date ahead. Added "
            "over the tenants.",
            lines=(
                Query(
                    "sum by (category) (max by (tenant, category, severity, major_change) (o365_messages))",
                    "{{category}}",
                ),
            ),
            decimals=0,
            width=24,
            colours=looks.states("o365_messages", "category"),
        ),
    ),
)
