"""Engagements posted to an address, signed as standardwebhooks.com specifies."""

from petiole.adapters.webhook.sink import WebhookEngagementSink

__all__ = ["WebhookEngagementSink"]
