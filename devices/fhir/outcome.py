"""Why a FHIR call was not answered as asked, as an OperationOutcome."""

from __future__ import annotations

from devices.fhir.codes import Json

# IssueType of R4 by HTTP status; anything else is a processing error.
_ISSUES = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    422: "invalid",
    503: "transient",
}


def outcome(status: int, text: str) -> Json:
    """An error in words."""
    issue = {"severity": "error", "code": _ISSUES.get(status, "processing"), "diagnostics": text}
    return {"resourceType": "OperationOutcome", "issue": [issue]}
