"""The modes over usage reports: a report is a row in the file of its product, and ``engine`` does the rest."""

from o365_exporter.probing.usage.exchange import EMAIL_ACTIVITY, MAILBOX_USAGE
from o365_exporter.probing.usage.skype import SKYPE_DEVICES, SKYPE_USERS
from o365_exporter.probing.usage.teams import TEAMS_DEVICES, TEAMS_USERS

USAGES = (EMAIL_ACTIVITY, MAILBOX_USAGE, SKYPE_DEVICES, SKYPE_USERS, TEAMS_DEVICES, TEAMS_USERS)
"""In the order of the help."""
