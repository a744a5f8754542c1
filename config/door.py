"""What granian serves as the door: the webhook, whose body is awaited only if all that comes before it is in order."""

from config.wsgi import application

# isort: split
# The apps are loaded by now.
from apps.bot import refusals
from apps.bot.webhook import wants_body
from diana.whole_requests import WholeRequests

server = WholeRequests(application, wants_body=wants_body, at_end=refusals.gather().stop)
