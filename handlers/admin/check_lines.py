"""What the nightly check of the stores found, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import DatabaseUnavailableError
from core.text.formatting import moment

if TYPE_CHECKING:
    from datetime import tzinfo

    from core.services.consistency import ConsistencyService
    from core.text.catalog import Texts


async def check_lines(checks: ConsistencyService, zone: tzinfo, texts: Texts) -> str:
    """A paragraph; says so when nothing was checked yet, and when nobody knows."""
    try:
        results = await checks.results()
    except DatabaseUnavailableError:
        return texts.html("stats-checks-missing")
    if not results:
        return texts.html("stats-checks-none")
    newest = max(result.at for result in results.values())
    rows = [
        texts.html(f"stats-check-{check.value.replace('_', '-')}", count=result.found)
        for check, result in results.items()
    ]
    return "\n".join([texts.html("stats-checks", at=moment(newest, zone, texts.language)), *rows])
