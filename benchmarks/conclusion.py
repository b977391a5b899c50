"""How every benchmark ends: its verdict is printed, its result is kept as JSON, and its exit code is 1 on a miss."""

from __future__ import annotations

from pathlib import Path

import orjson

_RESULTS = Path(__file__).parent / "results"
MET, MISSED = "targets met", "TARGETS MISSED"


def conclude(name: str, result: object, *, met: bool, verdict: str = "") -> int:
    """Print the verdict and write `result` to `results/<name>.json`, over that of the last run; returns the exit code.

    `verdict` is the last thing that is printed, for a benchmark that has more to say than `MET` or `MISSED`.
    """
    print(verdict or (MET if met else MISSED))
    _RESULTS.mkdir(exist_ok=True)
    (_RESULTS / f"{name}.json").write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2))
    return 0 if met else 1
