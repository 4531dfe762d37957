"""What `refund-sync doctor` looks at: a module for each part of an installation.

A check yields findings and raises nothing that can be foreseen: what it cannot look at is a finding, too.
"""
