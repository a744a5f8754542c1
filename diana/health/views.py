"""/health/live and /health/ready. They say one word: details stand in the log and in `manage.py bus_status`."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from diana.health.readiness import examiner


def live(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as this process serves requests; asks nobody."""
    return HttpResponse("ok\n", content_type="text/plain")


def ready(request: HttpRequest) -> HttpResponse:
    """Answer 200 for ok and degraded, 503 for down: what is degraded loses nothing and should get its requests."""
    status = examiner.readiness().status
    return JsonResponse(
        {"status": status}, status=503 if status == "down" else 200, headers={"Cache-Control": "no-store"}
    )
