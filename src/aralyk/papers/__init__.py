"""Papers of an order: the served rendition by whitelist, the sealed one, her copy; files for the police's register."""
