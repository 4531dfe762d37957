"""Shopify, simulated: the Admin GraphQL API, its tokens and limits, and the webhooks a shop sends.

Facts are from https://shopify.dev/docs/api/admin-graphql and https://shopify.dev/docs/apps/build/webhooks.
"""
