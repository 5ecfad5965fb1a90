"""One file, one command. What the command line shows before it runs one stands here, where nothing else is imported."""

TENANTS = 2
"""That are simulated where nobody says how many."""

USERS = 1532
"""In each of them."""

FORMS = ("table", "json", "prom")
"""Of what ``once`` prints: for people, for machines, for Prometheus."""

SHELLS = ("bash", "zsh", "fish")
"""For which there is completion."""

LONGEST_HISTORY = 180
"""Days that Microsoft's reports reach back."""

GRANTS = ("table", "json", "az", "powershell", "terraform")
"""Of what ``permissions`` prints: for people, for machines, and what grants it."""
