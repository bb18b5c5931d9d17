"""What was found in logs, as JSON. Keys may be added; none changes its meaning."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from recipe.core.findings import Finding
from recipe.report.log_diagnosis import Diagnosed

SCHEMA = 1


def as_json(found: Sequence[Diagnosed]) -> dict[str, Any]:
    """All logs, and the comparison of several."""
    told: dict[str, Any] = {"schema": SCHEMA, "logs": [_log(d) for d in found]}
    if len(found) > 1:
        from recipe.report.log_comparison import comparison, verdict

        head, *rows = comparison(found)
        told["comparison"] = {
            "rows": [dict(zip(head, row, strict=True)) for row in rows], "verdict": verdict(found),
        }  # fmt: skip
    return told


def _log(found: Diagnosed) -> dict[str, Any]:
    log = found.log
    return {
        "name": found.name,
        "status": "fail" if found.failed else "warn" if found.warned else "pass",
        "read": {curve: asdict(choice) for curve, choice in log.chosen.items()},
        "unit": log.unit,
        "points": {name: len(values) for name, values in log.curves.items()},
        "last": {name: _last(values) for name, values in log.curves.items()},
        "notes": log.notes,
        "findings": [_finding(f, part.name) for part in found.parts for f in part.findings],
        "not_checked": found.unchecked,
    }


def _last(values: Sequence[float]) -> float | None:
    return values[-1] if values and math.isfinite(values[-1]) else None


def _finding(finding: Finding, part: str) -> dict[str, Any]:
    return {
        "rule": finding.rule, "severity": finding.severity, "message": finding.message,
        "advice": finding.advice, "confidence": finding.confidence, "place": finding.place,
        "because": finding.because, "part": part,
    }  # fmt: skip
