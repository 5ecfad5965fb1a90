"""What people look at: pages that are made on the server, and need neither scripts nor anything from elsewhere."""

from o365_exporter.web.pages.drawing import Drawing
from o365_exporter.web.pages.polling import PollNow
from o365_exporter.web.pages.routes import Pages

__all__ = ["Drawing", "Pages", "PollNow"]
