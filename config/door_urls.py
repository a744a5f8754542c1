"""Addresses of the door: the webhook, health, metrics."""

from django.urls import include, path

from diana.health.views import live, ready
from diana.metrics.views import metrics

urlpatterns = [
    path("telegram/", include("apps.bot.urls")),
    path("health/live", live),
    path("health/ready", ready),
    path("metrics", metrics),
]
