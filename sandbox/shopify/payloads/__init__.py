"""Bodies of the webhooks, REST-shaped, key by key as in Shopify's official examples.

https://shopify.dev/docs/api/webhooks
"""
