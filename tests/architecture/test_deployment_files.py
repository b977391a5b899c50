"""Image and compose file fit the code they ship."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from ruamel.yaml import YAML

from config.runtime import RuntimeSettings
from config.settings import BootstrapSettings
from tests.architecture.sources import ROOT, runtime_imports, sources

DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
FINAL_STAGE = DOCKERFILE.rpartition("\nFROM ")[2]
READINESS = "/health/ready"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text("utf-8"))


def test_compose_file_follows_its_schema() -> None:
    """`docker compose` accepts the file."""
    subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )


def test_bot_starts_after_healthy_stores(compose: dict[str, Any]) -> None:
    """Without a profile there are the bot and its two stores; the bot waits for databases that answer."""
    services = compose["services"]

    assert {name for name, service in services.items() if "profiles" not in service} == {"bot", "mongo", "redis"}
    assert services["bot"]["depends_on"] == {
        "mongo": {"condition": "service_healthy"},
        "redis": {"condition": "service_healthy"},
    }


def test_profiles_bring_the_further_parts(compose: dict[str, Any]) -> None:
    """Two more databases, and the proxy, are there for whoever asks for them."""
    services = compose["services"]

    assert services["mongo-2"]["profiles"] == services["mongo-3"]["profiles"] == ["three-databases"]
    assert services["proxy"]["profiles"] == ["proxy"]
    assert {"mongo", "mongo-2", "mongo-3"} == {
        service["hostname"] for service in services.values() if "mongod" in service.get("command", ())
    }


def test_the_operations_page_names_every_profile(compose: dict[str, Any]) -> None:
    """Whoever follows the page gets each part, and the bot finds the databases."""
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    profiles = {name for service in compose["services"].values() for name in service.get("profiles", ())}
    uris = re.findall(r"`DATABASE_URIS=([^`]+)`", page)[0].split()
    second = [name for name, service in compose["services"].items() if service.get("profiles") == ["three-databases"]]

    assert profiles <= set(re.findall(r"^\| `([a-z-]+)` \| .*\|.*\|$", page, re.MULTILINE))
    assert uris == [f"mongodb://{name}:27017/?replicaSet=rs0" for name in second]
    assert all("rs0" in compose["services"][name]["command"] for name in second)


def test_no_container_can_harm_the_machine(compose: dict[str, Any]) -> None:
    """Each runs without root and rights, writes to its volumes only, has limits, and logs that end."""
    for name, service in compose["services"].items():
        assert re.fullmatch(r"[1-9]\d+:[1-9]\d*", service["user"]), name
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert {"mem_limit", "cpus", "pids_limit"} <= service.keys(), name
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}, name
        assert service["restart"] == "unless-stopped", name


def test_every_container_says_whether_it_is_well(compose: dict[str, Any]) -> None:
    """The bot's health check is part of its image, everybody else's of this file."""
    without = [name for name, service in compose["services"].items() if "healthcheck" not in service]

    assert without == ["bot"]
    assert "HEALTHCHECK" in FINAL_STAGE


def test_everything_from_elsewhere_is_pinned(compose: dict[str, Any]) -> None:
    """Two people who build on different days get the same versions."""
    images = [service["image"] for service in compose["services"].values() if "image" in service]
    images += re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)

    assert [image for image in images if not re.search(r":v?\d+\.\d+\.\d+(-[\w.-]+)?$", image)] == []
    assert re.search(r"pip install \S+ uv==\d+\.\d+\.\d+", DOCKERFILE)


def test_stores_keep_their_data(compose: dict[str, Any]) -> None:
    """Each service writes to named volumes of its own, and Redis keeps what it may not lose."""
    mounts = [volume.split(":") for service in compose["services"].values() for volume in service.get("volumes", ())]
    named = [source for source, *_ in mounts if not source.startswith("./")]
    command = " ".join(compose["services"]["redis"]["command"])

    assert sorted(named) == sorted(compose["volumes"])
    assert all(mode == ["ro"] for source, _, *mode in mounts if source.startswith("./"))
    assert "--appendonly yes" in command
    assert "--maxmemory-policy volatile-ttl" in command


def test_nothing_is_published_to_the_world_but_the_proxy(compose: dict[str, Any]) -> None:
    """Ports are bound to this machine; the stores have none, and neither a way in from outside."""
    services = compose["services"]
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    reachable = {name for name, service in services.items() if "stores" in service.get("networks", ())}

    assert published.pop("proxy") == ["443:8443"]
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    assert published["bot"] == ["127.0.0.1:8000:8000"]
    assert reachable == {"bot", "mongo", "mongo-2", "mongo-3", "redis"}
    assert compose["networks"]["stores"] == {"internal": True}


def test_only_the_proxy_may_speak_for_others(compose: dict[str, Any]) -> None:
    """The one address that the bot believes is the proxy's, and nobody else can get it."""
    edge = compose["networks"]["edge"]["ipam"]["config"][0]
    own, dynamic, gateway, network = (
        re.sub(r"\$\{\w+:-([\d.]+)\}", r"\1", text)
        for text in (
            compose["services"]["proxy"]["networks"]["edge"]["ipv4_address"],
            edge["ip_range"],
            edge["gateway"],
            edge["subnet"],
        )
    )
    trusted = compose["services"]["bot"]["environment"]["HTTP_TRUSTED_PROXIES"]

    assert trusted == compose["services"]["proxy"]["networks"]["edge"]["ipv4_address"]
    assert ip_address(own) in ip_network(network)
    assert ip_address(own) not in ip_network(dynamic)
    assert own != gateway


def test_no_secret_stands_in_a_file_of_the_project(compose: dict[str, Any]) -> None:
    """Secrets come from `.env` alone, which is neither in the repository nor in the image."""
    secret = {name.upper() for name, field in BootstrapSettings.model_fields.items() if "Secret" in str(field)}
    given = {
        name
        for service in compose["services"].values()
        for name in (service.get("environment") or {})
        if name in secret
    }
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()

    assert "BOT_TOKEN" in secret
    assert given <= {"DATABASE_URI", "REDIS_URI"}
    assert "@" not in str([compose["services"]["bot"]["environment"][name] for name in given])
    assert compose["services"]["bot"]["env_file"] == ".env"
    assert ".env" in ignored
    assert (ROOT / ".dockerignore").read_text("utf-8").splitlines()[1] == "*"


def test_environment_names_are_settings(compose: dict[str, Any]) -> None:
    """Each variable set in compose file or image is one that the bot reads, or that seeds a runtime setting."""
    known = {str(field.validation_alias or name).upper() for name, field in BootstrapSettings.model_fields.items()}
    known |= {name.upper() for name in RuntimeSettings.names()}
    in_image = set(re.findall(r"^\s*(?:ENV\s+)?([A-Z_]+)=", FINAL_STAGE.replace("    ", "\n"), re.MULTILINE))

    assert set(compose["services"]["bot"]["environment"]) - known == set()
    assert in_image - known - {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "BOT_IMAGE"} == set()


def test_image_runs_without_root_and_without_compiler() -> None:
    """The last stage switches to the bot's own user for good and installs no tools."""
    assert re.findall(r"^USER (.+)$", FINAL_STAGE, re.MULTILINE) == ["10001:10001"]
    assert not re.search(r"apt-get|gcc|pip install", FINAL_STAGE)
    assert "STOPSIGNAL SIGTERM" in FINAL_STAGE
    assert "uv sync --locked --no-default-groups" in DOCKERFILE


def test_image_asks_the_sidecar_whether_the_bot_is_ready() -> None:
    """The health check is valid Python and asks a path that the sidecar serves."""
    command = json.loads(re.findall(r"HEALTHCHECK .*?CMD (\[.*\])", FINAL_STAGE)[0])
    served = {
        node.value for s in sources("core/sidecar") for node in ast.walk(s.tree) if isinstance(node, ast.Constant)
    }

    assert command[:2] == ["python", "-c"]
    assert READINESS in command[2]
    assert READINESS in served
    compile(command[2], "HEALTHCHECK", "exec")


def test_image_contains_every_part_that_the_bot_imports() -> None:
    """.dockerignore lets through what bot.py needs, and nothing that only tries the bot out."""
    let_through = set(re.findall(r"^!([\w.]+)/?$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE))
    production = sources("bot.py", "config", "core", "handlers", "repositories")
    roots = {name.partition(".")[0] for s in production for name in runtime_imports(s.tree, top_level_only=True)}
    own = {root for root in roots if (ROOT / root).is_dir()}

    assert own | {"bot.py", "pyproject.toml", "uv.lock"} <= let_through
    assert not let_through & {"sandbox", "tests", "benchmarks"}
