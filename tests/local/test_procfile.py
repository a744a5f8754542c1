"""The Procfile, and docker-compose.yml, which starts the same lines."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from diana.local.errors import LocalError
from diana.local.instance import ROOT
from diana.local.procfile import read_procfile
from diana.local.roles import OWNER, VARIABLES

SERVERS = {"postgres", "valkey"}
# What their images need to give themselves to an account that is not root.
SERVERS_MAY = {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return content


def test_it_gives_every_process_a_service_with_the_same_command(compose: dict[str, Any]) -> None:
    procfile = read_procfile(ROOT / "Procfile")
    commands = {
        name: ["sh", "-c", service["command"][-1].replace("$$", "$")]
        for name, service in compose["services"].items()
        if name not in SERVERS
    }

    lines = {"release": procfile.release, **procfile.processes}
    assert commands == {name: ["sh", "-c", f"exec {line}"] for name, line in lines.items()}


def test_each_line_names_its_process() -> None:
    procfile = read_procfile(ROOT / "Procfile")
    for name, line in {"release": procfile.release, **procfile.processes}.items():
        assert str(line).startswith(f"env DIANA_PROCESS={name} ")


def test_it_keeps_a_folder_with_blanks_in_one_argument() -> None:
    for line in read_procfile(ROOT / "Procfile").processes.values():
        given = {"PATH": os.environ["PATH"], "DIANA_STATE_DIR": "/its 100% größe", "PORT": "1"}
        said = subprocess.run(
            ["sh", "-c", f"""printf '%s\\n' {line}"""], env=given, capture_output=True, text=True, check=True
        )
        assert said.stdout.count("/its") == said.stdout.count("/its 100% größe/")


def test_it_leaves_no_dollar_for_compose_to_fill_in_a_command(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert "$" not in str(service.get("command")).replace("$$", "")


def test_it_pins_every_image_by_version(compose: dict[str, Any]) -> None:
    images = [compose["services"][name]["image"] for name in SERVERS]
    images += re.findall(r"^FROM (\S+)", compose["x-diana"]["build"]["dockerfile_inline"], re.MULTILINE)

    assert len(images) == 3
    for image in images:
        assert re.fullmatch(r"[\w/]+:\d+\.\d+(\.\d+)?(-\w+)?", image), image
    assert compose["services"]["postgres"]["image"].startswith("postgres:17.")
    assert compose["services"]["valkey"]["image"].startswith("valkey/valkey:8.")


def test_it_publishes_ports_on_loopback_only(compose: dict[str, Any]) -> None:
    published = [port for service in compose["services"].values() for port in service.get("ports", [])]

    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_it_gives_the_owner_to_the_release_alone(compose: dict[str, Any]) -> None:
    knowing = {name for name, service in compose["services"].items() if "DATABASE_OWNER_URL" in service["environment"]}

    assert knowing == {"release"}


def test_it_gives_each_process_the_address_of_its_own_role_alone(compose: dict[str, Any]) -> None:
    services = {name: service for name, service in compose["services"].items() if name not in SERVERS}
    addresses = {name: set(VARIABLES) & set(service["environment"]) for name, service in services.items()}
    assert addresses == {
        "release": set(VARIABLES),
        "web": {"DATABASE_STAFF_URL"},
        **{name: {"DATABASE_DOOR_URL"} for name in ("door", "poll")},
        **{name: {"DATABASE_URL"} for name in ("worker", "telegram", "relay", "beat")},
        "flower": set(),
    }
    script = compose["configs"]["running_roles"]["content"]
    for variable, role in VARIABLES.items():
        assert f"//{role}:" in services["release"]["environment"][variable]
        assert role == OWNER or f"CREATE ROLE {role} LOGIN NOSUPERUSER" in script


def test_it_demands_every_secret(compose: dict[str, Any]) -> None:
    text = (ROOT / "docker-compose.yml").read_text()

    for name in re.findall(r"\$\{(\w*(?:SECRET|PASSWORD|TOKEN|AUTH)\w*)", text):
        assert not re.findall(rf"\$\{{{name}(?!:\?\}})", text), name


def test_it_reads_names_commands_and_the_release(tmp_path: Path) -> None:
    path = tmp_path / "Procfile"
    path.write_text("# first\nrelease: one\n\nweb: two --port $PORT: x\n")

    procfile = read_procfile(path)

    assert procfile.release == "one"
    assert procfile.processes == {"web": "two --port $PORT: x"}


@pytest.mark.parametrize("line", ["web two", "web:", "we b: two", "web: one\nweb: two"])
def test_it_names_the_line_it_cannot_read(tmp_path: Path, line: str) -> None:
    path = tmp_path / "Procfile"
    path.write_text(line)

    with pytest.raises(LocalError, match=r"Procfile, line \d: write `name: command`"):
        read_procfile(path)


def test_it_takes_from_every_container_what_it_does_not_need(compose: dict[str, Any]) -> None:
    """No capability but those by which a server's image leaves root, no new rights, nothing written but where it must be."""
    for name, service in compose["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        # Compose writes what makes the servers' users into the container itself, which a read-only one refuses.
        assert service.get("read_only", False) is (name not in SERVERS), name
        assert service["tmpfs"], name
        assert service["pids_limit"] > 0, name
        assert service["mem_limit"], name
        assert not {"privileged", "network_mode", "pid", "ipc", "devices"} & set(service), name
        assert set(service.get("cap_add", [])) <= (SERVERS_MAY if name in SERVERS else set()), name
    for name in set(compose["services"]) - SERVERS:
        assert "cap_add" not in compose["services"][name], name


def test_it_lets_each_container_reach_what_it_needs_alone(compose: dict[str, Any]) -> None:
    reached = {name: set(service["networks"]) for name, service in compose["services"].items()}
    assert reached == {
        "postgres": {"database"},
        "valkey": {"broker"},
        "release": {"database", "broker"},
        "web": {"database", "broker", "outside"},
        "door": {"database", "broker", "outside"},
        "worker": {"database", "broker"},
        "telegram": {"database", "broker", "outside"},
        "relay": {"database", "broker", "outside"},
        "beat": {"database", "broker"},
        "flower": {"database", "broker", "outside"},
        "poll": {"database", "broker", "outside"},
    }
    inside = {name for name, network in compose["networks"].items() if (network or {}).get("internal")}
    assert inside == {"database", "broker"}


def test_it_serves_the_static_files_that_the_release_collects(compose: dict[str, Any]) -> None:
    shared = "static:/var/lib/diana/static"
    assert shared in compose["services"]["release"]["volumes"]
    assert shared in compose["services"]["web"]["volumes"]
    assert "static" in compose["volumes"]
    # A new volume takes the owner of the folder that the image has in its place.
    assert "/var/lib/diana/static" in compose["x-diana"]["build"]["dockerfile_inline"]
