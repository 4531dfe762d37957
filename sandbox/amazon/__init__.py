"""Amazon, simulated: tokens, the Selling Partner API for finances, orders and feeds, and notifications.

https://developer-docs.amazon.com/sp-api/
"""
