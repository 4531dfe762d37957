"""eBay: the Fulfillment, Finances, Post-Order, Key Management and Notification APIs, and the pushes.

Documentation: https://developer.ebay.com/develop/api
"""
