"""Notices that the platform itself has stopped, and says so on more than one way."""
