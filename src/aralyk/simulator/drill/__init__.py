"""The drill: a world with ground truth, made to measure how good the detection of this build is.

It makes runs (two people, an order, what their devices say, where they truly are), never sees the engine, and scores
what somebody else says the engine decided. `aralyk drill` joins the two. See docs/how-to/run-the-drill.md.
"""
