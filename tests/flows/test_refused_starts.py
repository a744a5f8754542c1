"""Real processes in production: they serve with an environment that is strong, and with no other."""

from functools import partial
from pathlib import Path

import httpx
import pytest

from diana.local import ports
from diana.local.roles import OWNER, STAFF
from tests.config.strong import strong
from tests.processes import Process, Processes, running_processes, wait_until
from tests.servers import servers


@pytest.fixture
def production(committed_db: str, valkey: str, tmp_path: Path) -> dict[str, str]:
    """A strong environment on real servers."""
    (tmp_path / "static").mkdir()
    addresses = servers.addresses(committed_db) | servers.redis_variables()
    del addresses["DATABASE_OWNER_URL"]
    bot = {"TELEGRAM_API_URL": f"http://127.0.0.1:{ports.free_port()}", "TELEGRAM_API_LOCAL": "true"}
    environment = strong() | addresses | bot | {"ALLOWED_HOSTS": "127.0.0.1"}
    environment |= {"PORT": str(ports.free_port()), "DOOR_PORT": str(ports.free_port())}
    # The lines of the Procfile say it themselves.
    del environment["DIANA_PROCESS"]
    return environment


def refused(processes: Processes, name: str, environment: dict[str, str], command: str | None = None) -> str:
    """Return what the process says, which must end with status 1 and serve nothing."""
    process: Process = processes.start(name, command, **environment)
    wait_until(lambda: not process.alive(), f"{name} to end")
    assert process._popen.returncode == 1, process.text()
    return process.text()


def test_production_serves_with_a_strong_environment_and_with_no_other(
    production: dict[str, str], committed_db: str, tmp_path: Path
) -> None:
    with running_processes(tmp_path) as processes:
        ours = ("TELEGRAM_", "DATABASE_")
        processes.environment = {k: v for k, v in processes.environment.items() if not k.startswith(ours)}
        serving = {name: processes.start(name, **production) for name in ("web", "door")}
        weak = refused(processes, "worker", production | {"TOMBSTONE_KEY": "Zz", "LEDGER_SIGNING_KEY": ""})
        assert all(name in weak for name in ("TOMBSTONE_KEY", "LEDGER_SIGNING_KEY", "make_secrets"))
        assert "Zz" not in weak

        staff = {"DATABASE_URL": servers.url(STAFF, committed_db)}
        worker = refused(processes, "worker", production | staff)
        assert "Rights of the database are not as they should be: diana_staff may" in worker

        https = {"X-Forwarded-Proto": "https"}

        def lives(name: str, port: str) -> bool:
            try:
                url = f"http://127.0.0.1:{production[port]}/health/live"
                return httpx.get(url, headers=https, trust_env=False).status_code == 200
            except httpx.TransportError:
                return not serving[name].alive()

        for name, port in (("web", "PORT"), ("door", "DOOR_PORT")):
            wait_until(partial(lives, name, port), f"{name} to serve")
            assert serving[name].alive(), serving[name].text()
            serving[name].stop()

        owner = servers.url(OWNER, committed_db)
        for name, variable, command in (
            ("web", "DATABASE_STAFF_URL", None),
            ("door", "DATABASE_DOOR_URL", None),
            ("relay", "DATABASE_URL", "python manage.py relay --skip-checks"),
        ):
            text = refused(processes, name, production | {variable: owner}, command)
            assert "diana.E002" in text
