"""The WSGI application of the processes that speak HTTP: its addresses are those of the process (config/settings.py)."""

import os

from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections

from diana import start_checks
from diana.events.connections import freshen_before_request
from diana.stopping import end_with_parent

# Granian's workers import this module, its master does not.
end_with_parent()

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()
start_checks.refuse_on_errors()

# Connections stay open and prove themselves when they rested or failed: asking them before every request is a round trip.
for signal in (request_started, request_finished):
    signal.disconnect(close_old_connections)
request_started.connect(freshen_before_request)
