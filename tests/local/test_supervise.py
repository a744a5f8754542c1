"""The stack: everything starts, restarts, and is gone afterwards, whatever was killed and whatever refuses to end."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from diana.local import processes
from diana.local.errors import LocalError
from diana.local.instance import ROOT, Instance
from diana.local.supervise import Stack
from diana.local.supervisord import MARK, Program, Supervisor, make_socket_directory, script, socket_path

GIVEN = {
    "PATH": os.environ["PATH"],
    "DATABASE_URL": "postgresql://app:x@db/diana",
    "DATABASE_OWNER_URL": "postgresql://owner:y@db/diana",
    "REDIS_URL": "redis://cache/0",
    "TELEGRAM_API_URL": "https://api.telegram.org",
}
STUBBORN = """python -c "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)" """


@pytest.fixture
def make_stack(tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    made: list[Stack] = []

    def make(procfile: str, **given: str) -> Stack:
        (tmp_path / "Procfile").write_text(procfile)
        made.append(Stack(Instance("test", root=tmp_path, given=GIVEN | given)))
        return made[-1]

    yield make
    for stack in made:
        stack.stop()


def mark_of(stack: Stack) -> str:
    return stack.supervisor.mark()[MARK]


def eventually(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_it_releases_first_and_gives_every_process_the_environment(make_stack: Callable[..., Stack]) -> None:
    procfile = (
        "release: sh -c 'echo $DATABASE_OWNER_URL > released'\none: sh -c 'cat released; echo $PORT; sleep 600'\n"
    )

    with make_stack(procfile, PORT="54321") as stack:
        left = Path(stack.environment()["TMPDIR"])
        (left / "by-a-killed-worker").touch()
        log = stack.instance.logs / "one.log"
        eventually(lambda: log.exists() and log.read_text() == f"{GIVEN['DATABASE_OWNER_URL']}\n54321\n")
        mark = mark_of(stack)
        assert processes.marked(MARK, mark)

    assert not processes.marked(MARK, mark)
    assert not left.exists()


def test_what_a_command_printed_is_its_owners_alone_and_a_password_is_not_kept(
    make_stack: Callable[..., Stack],
) -> None:
    with make_stack("one: sleep 600\n") as stack:
        assert stack.run("echo said", log="said") == "said\n"
        assert stack.run("sh -c 'echo secret; echo warned >&2'", log="quiet", keep_output=False) == "secret\n"
        kept = {name: stack.instance.logs / f"{name}.log" for name in ("said", "quiet")}
    assert {name: path.read_text() for name, path in kept.items()} == {"said": "said\n", "quiet": "warned\n"}
    assert {path.stat().st_mode & 0o777 for path in kept.values()} == {0o600}


def test_it_takes_no_stranger_on_its_port_for_its_own_process(
    make_stack: Callable[..., Stack], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("diana.local.supervise.START_SECONDS", 3)
    stack = make_stack("flower: sleep 600\n")
    start_rank = Supervisor.start_rank

    with ExitStack() as strangers:

        def take_port_first(supervisor: Supervisor, rank: int) -> None:
            port = int(stack.instance.variables()["FLOWER_PORT"])
            strangers.enter_context(socket.create_server(("127.0.0.1", port)))
            start_rank(supervisor, rank)

        monkeypatch.setattr(Supervisor, "start_rank", take_port_first)
        with pytest.raises(LocalError, match="flower is not ready"), stack:
            pass


def test_it_starts_what_died_again(make_stack: Callable[..., Stack]) -> None:
    with make_stack("one: sleep 600\n") as stack:
        first = stack.supervisor.states()["one"].pid
        os.kill(first, signal.SIGKILL)

        name, state = next(stack.restarts())

        assert name == "one"
        eventually(lambda: stack.supervisor.states()["one"].pid not in (0, first))
        assert state != first


def test_it_shows_the_log_of_a_process_that_does_not_come_up(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack("""broken: sh -c "echo no such luck; exit 1"\n""")

    with pytest.raises(LocalError, match=r"(?s)broken ended while starting.*no such luck"), stack:
        pass

    assert not stack.supervisor.running()


def test_it_shows_why_supervisord_does_not_start(
    make_stack: Callable[..., Stack], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("diana.local.supervisord.open_files", lambda: 2**40)

    with pytest.raises(LocalError, match=r"(?s)supervisord ended.*minimum number of file descriptors"):
        make_stack("one: sleep 600\n").start()


def test_it_asks_for_no_more_open_files_than_the_machine_allows() -> None:
    code = "from diana.local.supervisord import open_files; print(open_files())"
    limited = ["sh", "-c", 'ulimit -n 256; exec "$@"', "sh", sys.executable, "-c", code]

    assert subprocess.run(limited, cwd=ROOT, capture_output=True, text=True, check=True).stdout == "256\n"


def test_it_starts_nothing_when_the_release_fails(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack("""release: sh -c "echo no such table >&2; exit 3"\none: touch started\n""")

    with pytest.raises(LocalError, match=r"(?s)ended with status 3.*no such table"), stack:
        pass

    assert not (stack.instance.root / "started").exists()


def test_it_kills_what_ignores_the_signal_and_finds_what_fled(
    make_stack: Callable[..., Stack], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("diana.local.supervise.STOP_SECONDS", 1)
    monkeypatch.setattr("diana.local.supervisord.LEFTOVER_SECONDS", 1)
    with make_stack(f"stubborn: {STUBBORN}\nfled: sh -c 'setsid sleep 600 & sleep 600'\n") as stack:
        mark = mark_of(stack)
        below = psutil.Process(stack.supervisor.states()["fled"].pid).ppid()
        eventually(lambda: any(os.getsid(p.pid) == p.pid != below for p in processes.marked(MARK, mark)))

    assert not processes.marked(MARK, mark)


def test_it_clears_up_what_a_killed_supervisord_left(
    make_stack: Callable[..., Stack], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("diana.local.supervisord.LEFTOVER_SECONDS", 1)
    stack = make_stack(f"stubborn: {STUBBORN}\n")
    stack.start()
    mark = mark_of(stack)
    left = stack.supervisor.states()["stubborn"].pid
    (parent,) = (p for p in processes.marked(MARK, mark) if p.pid == psutil.Process(left).ppid())
    processes.end([parent], first=signal.SIGKILL, seconds=5)
    with pytest.raises(LocalError, match="supervisord was killed"):
        list(stack.restarts())
    assert psutil.pid_exists(left)

    stack.stop()
    assert not processes.marked(MARK, mark)
    again = make_stack("one: sleep 600\n")
    with again:
        assert again.supervisor.states()["one"].name == "RUNNING"


def test_its_processes_end_with_a_killed_supervisord(make_stack: Callable[..., Stack]) -> None:
    with make_stack("one: sleep 600\n") as stack:
        child = psutil.Process(stack.supervisor.states()["one"].pid)
        processes.end([child.parent()], first=signal.SIGKILL, seconds=5)

        assert processes.wait_gone([child], seconds=5) == []


def test_it_leaves_processes_without_its_mark_alone(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path / "supervisor", working_directory=tmp_path, logs=tmp_path)
    bystander = psutil.Process(processes.spawn(["sleep", "600"], log=tmp_path / "log", environment={MARK: "another"}))
    (supervisor.directory / "mark").write_text("ours")
    (supervisor.directory / "supervisord.pid").write_text(str(bystander.pid))

    supervisor.clear_leftovers()

    assert not processes.is_gone(bystander)
    processes.end([bystander], seconds=5)


def test_it_runs_the_servers_below_the_application(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text("one: sleep 600\n")
    given = {"PATH": os.environ["PATH"], "TELEGRAM_API_URL": GIVEN["TELEGRAM_API_URL"]}
    with Stack(Instance("test", root=tmp_path, given=given)) as stack:
        instance = stack.instance
        assert instance.postgres
        assert instance.valkey
        assert instance.postgres.ready()
        assert instance.valkey.ready()
        with pytest.raises(LocalError, match="runs in another terminal"):
            Instance("test", root=tmp_path, given=given).start_services()

    assert not instance.postgres.running()
    assert not instance.valkey.running()
    stopped = [line for line in stack.supervisor.log.read_text().splitlines() if "stopped: " in line]
    assert [line.split("stopped: ")[1].split()[0] for line in stopped] == ["one", "valkey", "postgres"]
    assert "postgres (exit status 0)" in stopped[-1]


def test_it_writes_no_secret_into_the_configuration(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path / "s", working_directory=tmp_path, logs=tmp_path)
    programs = [
        Program("postgres", "postgres -D data", 10, 60, signal.SIGINT, marked=False),
        Program("web", "granian --host 100%; # x", 30, 10, waits=True),
        Program("worker", "celery", 30, 10, waits=True),
    ]

    text = supervisor.configuration(programs)

    assert "[group:rank30]\nprograms=web,worker\npriority=30" in text
    assert "[group:rank10]\nprograms=postgres\npriority=10" in text
    assert text.count("autostart=false") == 2
    assert "stopsignal=INT\nstopwaitsecs=60" in text
    assert "granian" not in text
    assert script(programs[1]).rstrip().endswith("granian --host 100%; # x")
    assert script(programs[0]) == f"unset {MARK}; exec postgres -D data\n"


def test_it_works_in_a_folder_with_any_letters(tmp_path: Path) -> None:
    root = tmp_path / """it's #1 ; 100%, größer\\мир"""
    root.mkdir()
    (root / "Procfile").write_text("one: sh -c 'echo here; sleep 600'\n")
    stack = Stack(Instance("test", root=root, given=GIVEN))

    with stack:
        log = stack.instance.logs / "one.log"
        eventually(lambda: log.exists() and log.read_text() == "here\n")


def test_it_finds_a_short_place_for_the_socket_of_a_long_path(tmp_path: Path) -> None:
    assert socket_path(Path("/srv/diana")) == Path("/srv/diana/supervisor.sock")

    short = socket_path(tmp_path / ("long" * 30))

    assert len(str(short)) < 85


def test_it_refuses_a_place_for_the_socket_that_is_open_to_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    with pytest.raises(LocalError, match="remove it, or set TMPDIR"):
        make_socket_directory(tmp_path)


@pytest.mark.parametrize(("updates", "names"), [("webhook", ["web", "door"]), ("poll", ["web", "poll"])])
def test_it_polls_where_updates_are_polled_for_and_has_a_door_elsewhere(
    make_stack: Callable[..., Stack], updates: str, names: list[str]
) -> None:
    stack = make_stack("web: sleep 600\ndoor: sleep 600\npoll: sleep 600\n", TELEGRAM_UPDATES=updates)
    assert [program.name for program in stack.programs()] == names
