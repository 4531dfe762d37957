"""The portal in a real browser, on an installation of real processes.

A package, so that its fixtures may end with it: no browser and no process is kept for the tests after it.
"""
