"""A setting that nothing reads promises something that does not happen."""

from __future__ import annotations

import ast

from config.runtime import RuntimeSettings
from config.settings import BootstrapSettings, ConcurrencyLimits
from core.services.rate_limiter import Action
from tests.architecture.sources import PRODUCTION, sources

# Settings that are read under a composed name, or by what follows, and how.
READ_BY_NAME = {
    **{f"concurrency_{lane}": "BootstrapSettings.concurrency" for lane in ConcurrencyLimits.model_fields},
    **{f"rate_{action}_{part}": "RuntimeSettings.rate_limit" for action in Action for part in ("burst", "period_s")},
    "rate_global_burst": "RuntimeSettings.rate_limit",
    "rate_global_period_s": "RuntimeSettings.rate_limit",
    **{f"database_{part}": "BootstrapSettings.databases" for part in ("uri", "name", "uris", "names")},
}
# Settings whose only reader so far is the demand that they be given, and why.
NOT_YET_READ: dict[str, str] = {}


def attributes_read() -> set[str]:
    """Names of all attributes that production code outside the declarations takes from something."""
    places = [place for place in PRODUCTION if place != "config"]
    nodes = [node for source in sources(*places) for node in ast.walk(source.tree)]
    return {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)}


def test_every_setting_is_read() -> None:
    """Each runtime and each bootstrap setting has an effect somewhere."""
    declared = RuntimeSettings.model_fields.keys() | BootstrapSettings.model_fields.keys()

    assert sorted(declared - attributes_read() - READ_BY_NAME.keys() - NOT_YET_READ.keys()) == []


def test_exceptions_are_still_needed() -> None:
    """An exception disappears when its setting does, or when somebody reads it."""
    declared = RuntimeSettings.model_fields.keys() | BootstrapSettings.model_fields.keys()

    assert READ_BY_NAME.keys() | NOT_YET_READ.keys() <= declared
    assert NOT_YET_READ.keys() & attributes_read() == set()
