"""Detectors of abuse: small pure strategies, each a module of its own, which look at what people do, never at payments.

What a detector has to remember of an account stands in the account's state, within a fixed size.
"""
