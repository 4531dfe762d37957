"""The storefront and NetSuite platforms, simulated over HTTP for the demo and the tests.

The sandbox shares no code with the service it is used to test: it signs, checks and answers by its own
means, as the platforms' documentation says, so that one mistake cannot hide another.
"""
