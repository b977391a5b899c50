"""Servers that a test may break, behind proxies."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.fixtures.database_rig import DatabaseRig, RigServers
from tests.fixtures.servers import ServerBinaryMissingError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@pytest.fixture(scope="module")
def rig_servers(request: pytest.FixtureRequest) -> Iterator[RigServers]:
    """The servers of a module's rigs; `RIG_MONGODS` of the module says how many MongoDBs, two if it does not."""
    try:
        with RigServers(getattr(request.module, "RIG_MONGODS", 2)) as servers:
            yield servers
    except ServerBinaryMissingError as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture
async def rig(rig_servers: RigServers) -> AsyncIterator[DatabaseRig]:
    """The module's servers behind proxies of this test's own; whole again afterwards."""
    async with DatabaseRig(rig_servers) as opened:
        yield opened
