"""Each rule of the engine is worth what is lost without it: remove one, and a figure must fall below its bound.

    python -m tests.mutations [--only NAME …]

A mutation edits the engine's source as it is imported (nothing on disk changes), in a process of its own, and one
figure of the drill or of a small scripted story is measured with and without it. A mutation that no figure catches is
a rule that nothing watches.
"""
