"""Servers that tests of degraded operation break."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import require
from tests.fixtures.database_rig import RigServers

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def servers() -> Iterator[RigServers]:
    """Two MongoDBs and a Valkey of a module's own."""
    running = RigServers(2)
    require(running.__enter__)
    yield running
    running.close()
