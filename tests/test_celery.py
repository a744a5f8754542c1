"""The configuration of Celery, which its workers show to whoever asks them."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery
from celery.worker.consumer.connection import Connection as ConnectionStep
from django.conf import settings
from kombu import Connection

from config import celery
from config.celery_settings import celery_settings
from config.environment import is_watched, process_name
from diana.events.consuming import TolerantConsumer
from diana.local.instance import ROOT
from diana.local.procfile import read_procfile
from diana.redis_addresses import Address, broker

ADDRESS = "sentinel://user:pw-of-redis@127.0.0.1:1,127.0.0.1:2/one?sentinel_password=pw-of-sentinels"


def test_it_holds_celerys_settings_and_no_others() -> None:
    own = {name.removeprefix("CELERY_").lower() for name in dir(settings) if name.startswith("CELERY_")}
    shown = set(celery.app.conf.table())
    assert own <= shown
    assert shown - own <= {"CELERY_DB_REUSE_MAX", "include", "deprecated_settings"}
    assert celery.app.conf.task_default_queue == settings.CELERY_TASK_DEFAULT_QUEUE
    assert celery.app.conf.beat_schedule == settings.CELERY_BEAT_SCHEDULE


def test_it_names_the_broker_without_its_password(settings: Any) -> None:
    settings.CELERY_BROKER_URL = "redis://user:pw-of-redis@127.0.0.1:1/0"
    app = Celery("other", set_as_current=False)
    app.config_from_object(celery_settings())
    assert app.conf.broker_url == settings.CELERY_BROKER_URL
    assert "pw-of-redis" not in str(app.conf.table(with_defaults=True))


@pytest.mark.parametrize(
    ("line", "listens"),
    [
        ("celery -A config worker --queues domain --hostname worker@%h", True),
        ("celery -A config worker --queues telegram --hostname telegram@%h", True),
        ("celery -A config worker --queues backfill --hostname other@%h", False),
        ("celery -A config worker --hostname worker-2@%h", True),
        ("celery -A config worker", False),
        ("manage.py relay", False),
    ],
)
def test_only_workers_that_flower_looks_into_listen_to_remote_control(
    monkeypatch: pytest.MonkeyPatch, line: str, listens: bool
) -> None:
    monkeypatch.setattr(sys, "argv", line.split())
    assert is_watched(process_name()) is listens
    monkeypatch.undo()
    assert celery.app.conf.worker_enable_remote_control is False


def test_of_all_processes_these_two_listen_to_remote_control() -> None:
    processes = [*read_procfile(ROOT / "Procfile").processes, "release", "command", "beat", "flower", "web"]
    assert {name for name in processes if is_watched(name)} == {"worker", "telegram"}


def test_statistics_of_a_worker_hold_no_password() -> None:
    url, options = broker(Address("REDIS_URL", ADDRESS), 1.0)
    connection = Connection(url, transport_options=options)
    assert str(connection.info()).count("pw-of-") > 1
    consumer = SimpleNamespace(connection=connection, steps=[ConnectionStep(SimpleNamespace())])
    told = TolerantConsumer.Blueprint().info(consumer)
    assert told["broker"]["transport_options"]["master_name"] == "one"
    assert "pw-of-" not in str(told)
