"""The engine's error model: fitted on real phones, tested on other trips, published with its failures.

`python -m calibration.fit` writes the engine's numbers, `calibration.reliability` and `calibration.roc` judge
them. Fit and test never share an experiment (`data.FIT`, `data.TEST`).
"""
