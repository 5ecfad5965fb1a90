"""Checks for Nagios and Centreon that ask a running exporter; imports nothing that takes long.

``asking`` fetches the series of a tenant and ``reading`` reads them, ``sources`` says whether they can be believed.
``modes`` has a row for each mode of Centreon's plugins; ``usage``, ``health``, ``seats`` and ``credentials`` make of
series what a mode looks at, ``judging`` compares that with ``ranges`` and ``conditions``, and ``output`` writes it.
"""

URL = "O365_PROBE_URL"
PASSWORD = "O365_PROBE_PASSWORD"  # noqa: S105 - the name of a variable
VARIABLES = (URL, PASSWORD)
"""Of the environment, which are no settings of the daemon."""

DEFAULT_URL = "http://127.0.0.1:10365"
DEFAULT_TIMEOUT = 10.0
"""Seconds, as of the plugins."""

DEFAULT_MAX_OUTPUT = 65_536
"""Bytes: what NRPE 3 and 4 hand on; the plugins' longest line was 6 MB."""


class ProbeError(Exception):
    """Nothing can be said: a sentence that says why, and what to do about it. It holds no secret."""
