"""Image and compose file fit the code they ship."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
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
    """The bot waits for databases that answer, and everything comes back after a reboot."""
    services = compose["services"]

    assert services.keys() == {"bot", "mongo", "redis"}
    assert services["bot"]["depends_on"] == {
        "mongo": {"condition": "service_healthy"},
        "redis": {"condition": "service_healthy"},
    }
    assert all("healthcheck" in services[name] for name in ("mongo", "redis"))
    assert {service["restart"] for service in services.values()} == {"unless-stopped"}


def test_stores_keep_their_data(compose: dict[str, Any]) -> None:
    """Each service writes to a named volume, and Redis keeps what it may not lose."""
    mounted = {name: service["volumes"][0].split(":")[0] for name, service in compose["services"].items()}
    command = " ".join(compose["services"]["redis"]["command"])

    assert set(mounted.values()) <= compose["volumes"].keys()
    assert "--appendonly yes" in command
    assert "--maxmemory-policy volatile-ttl" in command


def test_nothing_is_published_to_the_world(compose: dict[str, Any]) -> None:
    """Ports are bound to this machine; the stores have none."""
    published = [port for service in compose["services"].values() for port in service.get("ports", ())]

    assert published == ["127.0.0.1:8000:8000"]


def test_environment_names_are_settings(compose: dict[str, Any]) -> None:
    """Each variable set in compose file or image is one that the bot reads, or that seeds a runtime setting."""
    known = {str(field.validation_alias or name).upper() for name, field in BootstrapSettings.model_fields.items()}
    known |= {name.upper() for name in RuntimeSettings.names()}
    in_image = set(re.findall(r"^\s*(?:ENV\s+)?([A-Z_]+)=", FINAL_STAGE.replace("    ", "\n"), re.MULTILINE))

    assert set(compose["services"]["bot"]["environment"]) - known == set()
    assert in_image - known - {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "BOT_IMAGE"} == set()


def test_image_runs_without_root_and_without_compiler() -> None:
    """The last stage switches to the bot's own user for good and installs no tools."""
    assert re.findall(r"^USER (.+)$", FINAL_STAGE, re.MULTILINE) == ["bot"]
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
