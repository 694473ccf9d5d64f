"""What each writing endpoint of the matrix is sent: bodies that would be accepted from whoever may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.api.test_visits import WHOLE

SHELF = {"revision": 1, "until": "2026-11-22", "note": "x"}
CLOSING = {"revision": 1, "outcome": "advised", "note": "x"}
LIMIT = {"rule": "blood_pressure_critical", "limits": {"systolic": 160}, "reason": "x", "ends_on": "2026-12-01"}
FIELDS = {key: value for key, value in WHOLE.items() if key not in ("programme", "visited_at", "mode")}
LEDGER = "居民标识,是否计入\n{token},1\n"

# Texts in braces are filled with ids of `tests.access.counties`, as addresses are.
BODIES: Mapping[str, dict[str, Any]] = {
    "POST /sign-in": {"data": {"login": "nobody", "password": "nothing at all"}},
    "POST /api/v1/session": {"json": {"login": "nobody", "password": "nothing at all"}},
    "POST /api/v1/fleet/claim": {"json": {"code": "K7QF-9M2X-4TRD-8WPC", "request": "x"}},
    "POST /api/v1/fleet/renew": {"json": {"certificate": "x", "request": "x", "signature": "eA=="}},
    "POST /work/search": {"data": {"name": "白"}},
    "POST /residents/search": {"data": {"name": "白"}},
    "POST /alerts/{episode}/acknowledge": {"data": {"revision": 1}},
    "POST /alerts/{episode}/act": {"data": {"revision": 1, "note": "x"}},
    "POST /alerts/{episode}/shelve": {"data": SHELF},
    "POST /alerts/{episode}/unshelve": {"data": {"revision": 1}},
    "POST /alerts/{episode}/close": {"data": CLOSING},
    "POST /api/v1/alerts/{episode}/acknowledge": {"json": {"revision": 1}},
    "POST /api/v1/alerts/{episode}/act": {"json": {"revision": 1, "note": "x"}},
    "POST /api/v1/alerts/{episode}/shelve": {"json": SHELF},
    "POST /api/v1/alerts/{episode}/unshelve": {"json": {"revision": 1}},
    "POST /api/v1/alerts/{episode}/close": {"json": CLOSING},
    "POST /residents/{resident}/notes": {"data": {"text": "x"}},
    "POST /residents/{resident}/notes/{note}": {"data": {"text": "x", "version": 1}},
    "POST /api/v1/residents/{resident}/notes": {"json": {"text": "x"}},
    "PUT /api/v1/residents/{resident}/notes/{note}": {"json": {"text": "x", "version": 1}},
    "POST /residents/{resident}/overrides": {
        "data": {"rule": "blood_pressure_critical", "reason": "x", "until": "2026-12-01", "systolic": "160"}
    },
    "POST /residents/{resident}/overrides/{override}/end": {"data": {"why": "x"}},
    "POST /api/v1/residents/{resident}/overrides": {"json": LIMIT},
    "POST /api/v1/residents/{resident}/overrides/{other_override}/end": {"json": {"why": "x"}},
    "POST /residents/{resident}/visits/judge": {"data": WHOLE},
    "POST /residents/{resident}/visits": {"data": WHOLE},
    "POST /visits/{visit}/amend": {"data": WHOLE | {"amended_why": "x", "version": "1"}},
    "POST /visits/{visit}/take-back": {"data": {"why": "x"}},
    "POST /api/v1/residents/{resident}/visits": {
        "json": {
            "programme": "hypertension",
            "visited_at": "2026-11-21T07:30:00Z",
            "mode": "clinic",
            "fields": FIELDS,
        }
    },
    "POST /residents/{suspect}/screening": {"data": {"condition": "hypertension", "outcome": "referred", "note": "x"}},
    "POST /held/{held}/release": {"data": {}},
    "POST /api/v1/held/{held}/release": {"json": {}},
    "POST /rota/duty": {
        "data": {
            "station": "{station}",
            "staff": "{doctor}",
            "line": 1,
            "since": "2026-12-01T18:00",
            "until": "2026-12-01T20:00",
        }
    },
    "POST /rota/fill": {"data": {"station": "{station}", "staff": "{doctor}", "week": "2026-12-07"}},
    "POST /rota/duty/cancel": {"data": {"duty": "{duty}", "week": "2026-12-01"}},
    "POST /rota/leave": {
        "data": {
            "station": "{station}",
            "staff": "{doctor}",
            "deputy": "{colleague}",
            "since": "2026-12-20T08:00",
            "until": "2026-12-21T08:00",
        }
    },
    "POST /rota/leave/cancel": {"data": {"leave": "{leave}", "week": "2026-12-01"}},
    "POST /rota/deputy": {"data": {"station": "{station}", "staff": "{doctor}", "deputy": "{colleague}"}},
    "POST /contacts": {"data": {"kind": "mobile", "card": "notices", "address": "13900000000"}},
    "POST /residents/{resident}/export": {"data": {"ground": "consent", "recipient": "x"}},
    "POST /station/export": {"data": {"ground": "consent", "recipient": "x"}},
    "POST /reports": {"data": {"period": "2026Q2", "region": "3301"}},
    "POST /reports/{report}/step": {"data": {"revision": 1, "step": "refresh"}},
    "POST /reports/{report}/reconcile": {
        "data": {"indicator": "hypertension_control_rate", "span": "year_to_date"},
        "files": {"file": ("ledger.csv", LEDGER, "text/csv")},
    },
    "POST /rules/replay": {"data": {"first": "2026-11-20", "until": "2026-11-21"}},
    "POST /incidents/{incident}/acknowledge": {"data": {"revision": 1}},
    "POST /incidents/{incident}/close": {"data": {"revision": 1, "outcome": "mended", "note": "x"}},
    "POST /incidents/{trouble}/acknowledge": {"data": {"revision": 1}},
    "POST /incidents/{outbreak}/close": {"data": {"revision": 1, "outcome": "mended", "note": "x"}},
    "POST /fleet/assign": {
        "data": {
            "device": "{address}",
            "setting": "home",
            "station": "{station}",
            "since": "2026-11-20T08:00",
            "resident": "{resident}",
        }
    },
    "POST /fleet/settings": {"data": {"gateway": "{gateway}", "heartbeat_seconds": "30"}},
    "POST /fleet/revoke": {"data": {"gateway": "{gateway}", "confirmation": "{gateway}"}},
    "POST /imports": {
        "data": {"kind": "stations"},
        "files": {"file": ("stations.csv", "机构,乡镇,区划代码\n新站,新镇,330199001001\n", "text/csv")},
    },
    "POST /imports/apply": {"data": {"upload": "{upload}"}},
}
