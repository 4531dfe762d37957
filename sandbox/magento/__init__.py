"""Magento Open Source and Adobe Commerce, simulated: REST, its OAuth, and three ways of telling what happens.

Facts are from https://developer.adobe.com/commerce/webapi/rest/, https://developer.adobe.com/commerce/extensibility
and, where these are silent, from the source of https://github.com/magento/magento2.
"""
