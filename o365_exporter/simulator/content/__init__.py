"""What a new tenant holds: the same for the same seed and clock, of live size, and as odd as the real thing."""
