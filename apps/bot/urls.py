"""The bot's addresses: the webhook. Neither the secret nor the token is part of it."""

from django.urls import path

from apps.bot.webhook import webhook

app_name = "bot"
urlpatterns = [path("webhook", webhook, name="webhook")]
