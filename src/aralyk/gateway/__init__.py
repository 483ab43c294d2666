"""The process that devices speak to: bytes from sockets, judged, committed, and only then confirmed."""
