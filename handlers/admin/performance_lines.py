"""The performance report as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.text.formatting import duration, file_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from core.text.catalog import Texts

_IN_WORDS = frozenset(
    {"version", "uptime_s", "loop_lag_p99_ms", "loop_lag_max_ms", "memory_rss_bytes", "routes", "lanes"}
)
_MOST_ROUTES = 12


def performance_lines(report: Mapping[str, Any], texts: Texts) -> list[str]:
    """Lines for people: the process, the routes that are used most, lanes in use, and every other section as it is.

    Args:
        report: as of `PerformanceReport.report`; what is missing is left out.
        texts: the admin's language.
    """
    head = texts.html(
        "performance-head",
        version=str(report.get("version", "?")),
        uptime=duration(int(report.get("uptime_s", 0)), texts.language),
        memory=file_size(int(report.get("memory_rss_bytes", 0)), texts.language),
        p99=_shown(report.get("loop_lag_p99_ms")),
        max=_shown(report.get("loop_lag_max_ms")),
    )
    lines = [*head.split("\n"), "", texts.html("performance-routes"), *_routes(report.get("routes", {}), texts)]
    lines += ["", texts.html("performance-lanes"), *_lanes(report.get("lanes", {}), texts)]
    for name, section in report.items():
        if name not in _IN_WORDS and section is not None:
            lines += ["", texts.html("performance-section", name=name)]
            lines += [texts.html("performance-value", line=line) for line in _flat(section, "")]
    return lines


def _routes(routes: Mapping[str, Mapping[str, float]], texts: Texts) -> list[str]:
    used = sorted(routes.items(), key=lambda item: -item[1]["updates"])[:_MOST_ROUTES]
    return [
        texts.html(
            "performance-route",
            name=name,
            updates=int(times["updates"]),
            p50=_shown(times["p50_ms"]),
            p95=_shown(times["p95_ms"]),
            p99=_shown(times["p99_ms"]),
        )
        for name, times in used
    ]


def _lanes(lanes: Mapping[str, Mapping[str, int]], texts: Texts) -> list[str]:
    return [
        texts.html("performance-lane", name=name, used=lane["in_use"], limit=lane["limit"], waiting=lane["waiting"])
        for name, lane in lanes.items()
    ]


def _flat(value: Any, path: str) -> Iterator[str]:
    """Nested JSON values as "path: value", one a line."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _flat(part, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for number, part in enumerate(value, start=1):
            yield from _flat(part, f"{path}.{number}" if path else str(number))
    else:
        yield f"{path}: {_shown(value)}" if path else _shown(value)


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
