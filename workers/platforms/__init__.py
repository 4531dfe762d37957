"""The platforms' outbound clients: what is read from a platform and written to it, a module a platform.

`http` sends and records, `errors` says what went wrong in codes of `ledger.reasons`, `slots` keeps to the
platforms' concurrency limits; a file that knows a platform bears its name.
"""
