"""The local Valkey: started, stopped, killed, paused, taken over, and closed to those without the password."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from diana.local.errors import LocalError
from diana.local.valkey import Valkey


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path / r"it's a \new key")
    server.start()
    yield server
    server.kill()


def client(server: Valkey) -> redis.Redis:
    return redis.Redis.from_url(server.url(), socket_timeout=0.2, retry=Retry(NoBackoff(), 0), decode_responses=True)


def test_it_refuses_writes_rather_than_evict(valkey: Valkey) -> None:
    with client(valkey) as connection:
        assert connection.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert connection.config_get("bind") == {"bind": "127.0.0.1"}


def test_it_works_in_its_folder_whatever_the_name(valkey: Valkey) -> None:
    with client(valkey) as connection:
        assert connection.config_get("dir") == {"dir": str(valkey.directory)}


def test_it_wants_its_password(valkey: Valkey) -> None:
    once = Retry(NoBackoff(), 0)
    with (
        redis.Redis(host="127.0.0.1", port=valkey.port, retry=once) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()


def test_it_keeps_what_it_took_over_a_stop_and_a_kill(valkey: Valkey) -> None:
    with client(valkey) as connection:
        connection.set("kept", "7")
    valkey.stop()
    assert not valkey.running()
    valkey.start()
    valkey.kill()
    assert not valkey.running()
    valkey.start()

    with client(valkey) as connection:
        assert connection.get("kept") == "7"


def test_it_hangs_while_paused_and_goes_on_after(valkey: Valkey) -> None:
    with client(valkey) as connection:
        connection.set("kept", "7")
        valkey.pause()
        with pytest.raises(redis.TimeoutError):
            connection.get("kept")
        valkey.resume()
        assert connection.get("kept") == "7"


def test_it_stops_also_when_paused(valkey: Valkey) -> None:
    valkey.pause()

    valkey.stop()

    assert not valkey.running()


def test_it_takes_a_running_server_over(valkey: Valkey) -> None:
    with client(valkey) as connection:
        first = connection.info("server")["run_id"]
    other = Valkey(valkey.directory)

    other.start()

    with client(other) as connection:
        assert connection.info("server")["run_id"] == first


def test_it_moves_to_another_port_when_its_own_was_taken_meanwhile(valkey: Valkey) -> None:
    before = valkey.port
    valkey.stop()

    with socket.create_server(("127.0.0.1", before)):
        valkey.start()

        assert valkey.port != before


def test_it_keeps_nothing_without_appendonly(tmp_path: Path) -> None:
    server = Valkey(tmp_path / "valkey", appendonly=False)
    server.start()
    try:
        with client(server) as connection:
            connection.set("lost", "7")
        server.stop()
        server.start()
        with client(server) as connection:
            assert connection.get("lost") is None
    finally:
        server.kill()


def test_it_says_so_when_there_is_nothing_to_pause(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match=r"start\(\) it first"):
        Valkey(tmp_path / "valkey").pause()
