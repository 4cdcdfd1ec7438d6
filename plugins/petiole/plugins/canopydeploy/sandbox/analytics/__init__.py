"""The Analytics Events API: what became of mails, event by event."""

from petiole.plugins.canopydeploy.sandbox.analytics.api import MOUNT, AnalyticsApi

__all__ = ["MOUNT", "AnalyticsApi"]
