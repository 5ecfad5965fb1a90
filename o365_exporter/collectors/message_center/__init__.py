"""What does Microsoft announce in the message centre, and until when must something be done?

Source: ``/admin/serviceAnnouncement/messages``, each hour without the bodies; the bodies of the foremost messages once,
and again when Microsoft has changed the message: a few by ``/admin/serviceAnnouncement/messages/{id}``, many as a list.
Permission: ServiceMessage.Read.All, which is not that of service health. Freshness: minutes after an announcement.
Series: ``o365_message*``.
"""

from __future__ import annotations

from typing import Any

from o365_exporter.collectors.message_center.bodies import BODIES_SIZE, BodiesSource
from o365_exporter.collectors.message_center.messages import MessagesSource
from o365_exporter.collectors.message_center.options import Options
from o365_exporter.collectors.message_center.records import LONGEST_BODY, Bodies, Body, Message, Messages
from o365_exporter.collectors.message_center.series import METRICS
from o365_exporter.source import Collector, Source

__all__ = [
    "BODIES_SIZE",
    "COLLECTOR",
    "LONGEST_BODY",
    "Bodies",
    "BodiesSource",
    "Body",
    "Message",
    "Messages",
    "MessagesSource",
    "Options",
]


def _sources(options: Options) -> tuple[Source[Any], ...]:
    messages = MessagesSource(options)
    return (messages, BodiesSource(options)) if options.max_bodies else (messages,)


COLLECTOR = Collector(
    name="message_center",
    summary="What does Microsoft announce in the message centre, and until when must something be done?",
    options=Options,
    metrics=METRICS,
    sources=_sources,
)
