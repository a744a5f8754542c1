"""What granian serves as the web process."""

from django.conf import settings

from config.wsgi import application
from diana.whole_requests import WholeRequests

# No form of the admin takes files.
server = WholeRequests(application, largest_body=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
