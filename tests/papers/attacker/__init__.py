"""A simulated attacker: a respondent who keeps every paper, every call and his own track, and reckons where she is.

He knows how the platform works, its numbers included. He does not know chance: where a public area was drawn, when a
welfare call comes. Synthetic people in a synthetic town; distances in metres on a plane round (LAT, LON).
"""
