"""Alerts and dashboard ask for what the bot exposes, and operators find what to do."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from core.observability.metrics import METRICS
from tests.architecture.promql import problems, spec_of
from tests.architecture.sources import ROOT, sources

DEPLOY = ROOT / "deploy"
RULES: list[dict[str, Any]] = [
    rule
    for group in YAML(typ="safe").load((DEPLOY / "prometheus" / "alerts.yml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "grafana" / "dashboards" / "file-filter-bot.json").read_text("utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = [(panel["title"], target) for panel in PANELS for target in panel["targets"]]
PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
DURATION = re.compile(r"\d+[smh]")


def load(*path: str) -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(DEPLOY.joinpath(*path).read_text("utf-8"))
    return loaded


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_what_exists_and_says_what_is_wrong(rule: dict[str, Any]) -> None:
    """Metric, labels and values are those of the table, and the summary names no label that the result lacks."""
    assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"].keys() == {"severity"}
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"].keys() == {"summary"}
    assert rule["annotations"]["summary"].endswith(".")
    assert DURATION.fullmatch(rule.get("for", "0s"))
    assert problems(rule["expr"], [rule["annotations"]["summary"]]) == []


def test_alerts_are_told_apart() -> None:
    """A name stands for one rule."""
    assert len({rule["alert"] for rule in RULES}) == len(RULES) > 15


def test_every_alert_has_its_first_three_actions() -> None:
    """Scenario 127: whoever is woken finds the alert in the operations page, and three things to do, in order."""
    section = re.search(r"^## Alerts\n(.*?)(?=^## )", PAGE, re.MULTILINE | re.DOTALL)
    assert section is not None
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", section[1], re.MULTILINE))

    assert rows.keys() == {rule["alert"] for rule in RULES}
    assert [name for name, actions in rows.items() if re.findall(r"(?:^| )(\d)\. ", actions) != ["1", "2", "3"]] == []


def test_what_the_actions_name_exists() -> None:
    """Scenario 127: commands are handled, pages served, lines logged, and variables read, under the names told here."""
    section = PAGE.partition("\n## Alerts\n")[2].partition("\n## ")[0]
    named = re.findall(r"`([^`\n]+)`", section)
    texts = "\n".join(source.text for source in sources("core", "handlers", "config"))
    commands = {word[1:] for word in named if re.fullmatch(r"/[a-z_]+", word)}
    words = {word for word in named if re.fullmatch(r"(?!file_filter)[a-z]+(_[a-z]+)+", word)} | {
        word.lower() for word in named if re.fullmatch(r"[A-Z]+(_[A-Z]+)+", word)
    }

    assert {"errors", "verify"} <= commands
    assert {"telegram_flood_wait", "shutdown_requested"} <= words
    assert [name for name in sorted(commands) if f'"{name}"' not in texts and f'"/{name}"' not in texts] == []
    assert [name for name in sorted(words) if name not in texts] == []


@pytest.mark.parametrize(("title", "target"), QUERIES, ids=[f"{t} {q['refId']}" for t, q in QUERIES])
def test_a_panel_asks_for_what_exists(title: str, target: dict[str, Any]) -> None:
    """No panel stays empty because a metric or a label has another name."""
    assert problems(target["expr"], [target["legendFormat"]]) == []


def test_panels_lie_beside_each_other_and_use_the_provisioned_source() -> None:
    """Grafana draws the dashboard as it is: ids are unique, nothing overlaps, and the data source is known."""
    places = [
        (x, y)
        for panel in DASHBOARD["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    (source,) = load("grafana", "provisioning", "datasources", "prometheus.yml")["datasources"]

    assert len(set(places)) == len(places)
    assert max(x for x, _ in places) < 24
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    used = {panel["datasource"]["uid"] for panel in PANELS} | {target["datasource"]["uid"] for _, target in QUERIES}
    assert used == {source["uid"]}
    assert (source["type"], source["url"]) == ("prometheus", "http://prometheus:9090")


def test_annotations_of_the_dashboard_ask_for_what_exists() -> None:
    """Starts of the bot are drawn into every panel."""
    assert [problems(entry["expr"]) for entry in DASHBOARD["annotations"]["list"]] == [[]]


def test_most_metrics_are_looked_at() -> None:
    """What is measured is shown or watched, but for a few that only answer a question somebody asks."""
    text = " ".join([rule["expr"] for rule in RULES] + [target["expr"] for _, target in QUERIES])
    seen = {spec.attribute for name in re.findall(r"file_filter_\w+", text) if (spec := spec_of(name)) is not None}

    assert len(seen) > len(METRICS) * 0.6


def test_prometheus_asks_the_bot_with_the_token_of_a_file() -> None:
    """The token stands in no file that is kept under version control."""
    config = load("prometheus", "prometheus.yml")
    (job,) = config["scrape_configs"]

    assert config["rule_files"] == ["/etc/prometheus/alerts.yml"]
    assert job["job_name"] == "file-filter-bot"
    assert job["metrics_path"] == "/metrics"
    assert job["authorization"] == {"type": "Bearer", "credentials_file": "/run/secrets/http_token"}
    assert job["static_configs"] == [{"targets": ["bot:8000"]}]
    assert "/http_token" in (DEPLOY / "prometheus" / ".gitignore").read_text("utf-8").splitlines()


def test_the_check_notices_what_is_wrong() -> None:
    """A name, a label, a value and a missing rate are each found, so that the tests above mean something."""
    assert problems("max(file_filter_reddy)") == ["no metric file_filter_reddy"]
    assert problems('rate(file_filter_searches_total{result="found"}[5m])')
    assert problems('rate(file_filter_searches_total{outcome="fuond"}[5m])')
    assert problems("sum by (route) (rate(file_filter_searches_total[5m]))")
    assert problems("file_filter_searches_total > 1")
    assert problems("rate(file_filter_ready[5m])")
    assert problems("max(file_filter_ready)", ["{{ $labels.instance }}"])
    assert problems("max by (instance) (file_filter_ready)", ["{{instance}}"]) == []
