"""The Admin GraphQL API: a subset of the real schema, executed by graphql-core.

https://shopify.dev/docs/api/admin-graphql
"""
