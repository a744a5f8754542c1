"""Payments, requests for refunds and gifts in the admin."""

from apps.payments.admin import payments, refund_requests

__all__ = ["payments", "refund_requests"]
