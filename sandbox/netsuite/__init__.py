"""NetSuite, simulated: REST records and their transforms, SuiteQL, OAuth 2.0 and TBA, and user events.

Facts are from https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/ and the REST API Browser.
"""
