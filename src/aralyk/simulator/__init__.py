"""The synthetic city: people who move, devices that err, and the truth that the engine never sees."""
