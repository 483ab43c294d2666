"""Settings: read from the environment once, typed, checked, and refused when unknown."""
