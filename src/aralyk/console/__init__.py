"""The web desk of the monitoring centre: pages, live stream, log-in. A process; nothing imports it but conf and cli."""
