"""Frames that no codec could read or whose sender was not believed: looked at, released or dismissed by people."""
