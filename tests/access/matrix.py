"""Who may call what: one line an address and method. Whoever adds an endpoint adds its line, or a test fails.

    -     refused: 403 for whoever is signed in with this role
    yes   answered; there is nothing in the address that could be somebody else's
    any   the same, but 404 for whoever has nothing at all
    own   answered for what is one's own; what is not one's own does not exist: 404
    here  the same for what is the own station's
    all   answered for everything
    no    404 for everything: nothing of this kind is ever this role's

A place in braces is filled with an id from `tests.access.counties`. "Own" of a doctor are the contracted residents, of
a lead the station, of the CDC the region and below, of an administrator the upload made under the own account.
Writes need a body that would be accepted: `tests.access.bodies`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

ROLES = ("doctor", "station_lead", "cdc", "technician", "admin")

# What anybody may ask without an account; none of it says anything about a person.
PUBLIC = """
GET     /
GET     /sign-in
POST    /sign-in
POST    /api/v1/session
GET     /language/{language}
GET     /docs
GET     /openapi.json
GET     /fhir/metadata
GET     /health/live
GET     /health/ready
GET     /metrics
POST    /api/v1/fleet/claim
POST    /api/v1/fleet/renew
"""

RIGHTS = """
#                                                                  doctor  lead  cdc   tech  admin
POST    /sign-out                                                  yes     yes   yes   yes   yes
DELETE  /api/v1/session                                            yes     yes   yes   yes   yes
GET     /api/v1/session                                            yes     yes   yes   yes   yes
GET     /no-page                                                   yes     yes   yes   yes   yes

GET     /work                                                      yes     yes   -     -     -
GET     /work/rows                                                 yes     yes   -     -     -
GET     /work/more?section=now&after=0                             yes     yes   -     -     -
POST    /work/search                                               yes     yes   -     -     -
GET     /station                                                   -       yes   -     -     -
GET     /api/v1/station                                            -       yes   -     -     -

GET     /alerts                                                    yes     yes   -     -     -
GET     /alerts/rows                                               yes     yes   -     -     -
GET     /api/v1/alerts                                             yes     yes   -     -     -
GET     /api/v1/alerts/stream                                      yes     yes   yes   yes   yes
GET     /alerts/{episode}                                          own     own   -     -     -
GET     /api/v1/alerts/{episode}                                   own     own   -     -     -
POST    /alerts/{episode}/acknowledge                              own     own   -     -     -
POST    /alerts/{episode}/act                                      own     own   -     -     -
POST    /alerts/{episode}/shelve                                   own     own   -     -     -
POST    /alerts/{episode}/unshelve                                 own     own   -     -     -
POST    /alerts/{episode}/close                                    own     own   -     -     -
POST    /api/v1/alerts/{episode}/acknowledge                       own     own   -     -     -
POST    /api/v1/alerts/{episode}/act                               own     own   -     -     -
POST    /api/v1/alerts/{episode}/shelve                            own     own   -     -     -
POST    /api/v1/alerts/{episode}/unshelve                          own     own   -     -     -
POST    /api/v1/alerts/{episode}/close                             own     own   -     -     -
GET     /notices                                                   yes     yes   yes   yes   yes
GET     /notices/episode/{episode}                                 own     own   no    no    no
GET     /notices/incident/{trouble}                                no      no    no    all   no
GET     /notices/incident/{outbreak}                               no      no    own   no    no

GET     /residents                                                 yes     yes   -     -     -
POST    /residents/search                                          yes     yes   -     -     -
GET     /api/v1/residents                                          yes     yes   -     -     -
GET     /residents/{resident}                                      own     own   -     -     -
GET     /residents/{resident}/waiting                              own     own   -     -     -
GET     /residents/{resident}/timeline                             own     own   -     -     -
GET     /residents/{resident}/table/glucose                        own     own   -     -     -
GET     /residents/{resident}/charts/glucose                       own     own   -     -     -
GET     /residents/{child}/growth                                  own     own   -     -     -
GET     /residents/{child}/growth/chart                            own     own   -     -     -
GET     /residents/{resident}/ecg/{ecg}                            own     own   -     -     -
GET     /api/v1/residents/{resident}                               own     own   -     -     -
GET     /api/v1/residents/{resident}/readings?kind=glucose         own     own   -     -     -
GET     /api/v1/residents/{resident}/alerts                        own     own   -     -     -
GET     /api/v1/residents/{resident}/indicators                    own     own   -     -     -
GET     /residents/{resident}/indicators                           own     own   -     -     -
GET     /api/v1/residents/{resident}/ecg/{ecg}                     own     own   -     -     -
POST    /residents/{resident}/looking                              own     own   -     -     -
POST    /residents/{resident}/left                                 own     own   -     -     -

GET     /residents/{resident}/notes/{note}                         own     own   -     -     -
POST    /residents/{resident}/notes                                own     own   -     -     -
POST    /residents/{resident}/notes/{note}                         own     own   -     -     -
GET     /api/v1/residents/{resident}/notes                         own     own   -     -     -
POST    /api/v1/residents/{resident}/notes                         own     own   -     -     -
PUT     /api/v1/residents/{resident}/notes/{note}                  own     own   -     -     -

GET     /residents/{resident}/overrides                            own     own   -     -     -
GET     /residents/{resident}/overrides/new?rule=glucose_high      own     own   -     -     -
POST    /residents/{resident}/overrides                            own     own   -     -     -
POST    /residents/{resident}/overrides/{override}/end             own     own   -     -     -
GET     /api/v1/residents/{resident}/overrides                     own     own   -     -     -
POST    /api/v1/residents/{resident}/overrides                     own     own   -     -     -
POST    /api/v1/residents/{resident}/overrides/{other_override}/end own    own   -     -     -

GET     /followups                                                 yes     yes   -     -     -
GET     /followups/packages                                        yes     yes   -     -     -
GET     /api/v1/followups                                          yes     yes   -     -     -
GET     /api/v1/followups/rates                                    yes     yes   -     -     -
GET     /api/v1/followups/packages                                 yes     yes   -     -     -
GET     /api/v1/visit-forms                                        yes     yes   -     -     -
GET     /residents/{resident}/visits                               own     own   -     -     -
GET     /residents/{resident}/visits/new                           own     own   -     -     -
POST    /residents/{resident}/visits/judge                         own     own   -     -     -
POST    /residents/{resident}/visits                               own     own   -     -     -
GET     /visits/{visit}                                            own     own   -     -     -
GET     /visits/{visit}/print                                      own     own   -     -     -
GET     /visits/{visit}/amend                                      own     own   -     -     -
POST    /visits/{visit}/amend                                      own     own   -     -     -
POST    /visits/{visit}/take-back                                  own     own   -     -     -
GET     /api/v1/residents/{resident}/visits                        own     own   -     -     -
GET     /api/v1/visits/{visit}                                     own     own   -     -     -
POST    /api/v1/residents/{resident}/visits                        own     own   -     -     -

GET     /screening                                                 yes     yes   -     -     -
GET     /api/v1/screening                                          yes     yes   -     -     -
POST    /residents/{suspect}/screening                             own     own   -     -     -

GET     /fhir/Patient                                              yes     yes   -     -     -
GET     /fhir/Patient/{token}                                      own     own   -     -     -
GET     /fhir/Patient/{token}/$everything                          own     own   -     -     -
GET     /fhir/Observation?patient=Patient/{own_token}              yes     yes   -     -     -
GET     /fhir/Observation/{reading}.glucose                        own     own   -     -     -
GET     /fhir/Device/{device}                                      own     own   -     -     -
GET     /residents/{resident}/export                               own     own   -     -     -
POST    /residents/{resident}/export                               own     own   -     -     -
GET     /station/export                                            -       yes   -     -     -
POST    /station/export                                            -       yes   -     -     -

GET     /held                                                      yes     yes   -     yes   yes
GET     /held/{held}                                               own     own   -     all   all
POST    /held/{held}/release                                       own     own   -     all   all
GET     /api/v1/held                                               yes     yes   -     yes   yes
GET     /api/v1/held/{held}                                        own     own   -     all   all
POST    /api/v1/held/{held}/release                                own     own   -     all   all

GET     /rota                                                      yes     yes   -     -     yes
GET     /rota?station={station}                                    here    here  -     -     all
POST    /rota/duty                                                 -       own   -     -     all
POST    /rota/fill                                                 -       own   -     -     all
POST    /rota/duty/cancel                                          -       own   -     -     all
POST    /rota/leave                                                here    here  -     -     all
POST    /rota/leave/cancel                                         own     own   -     -     all
POST    /rota/deputy                                               -       own   -     -     all
POST    /contacts                                                  yes     yes   yes   yes   yes

GET     /sentinel                                                  -       yes   yes   -     yes
GET     /sentinel/chart                                            -       yes   yes   -     yes
GET     /api/v1/sentinel                                           -       yes   yes   -     yes
GET     /quality                                                   -       yes   yes   -     yes
GET     /quality/{question}                                        -       own   -     -     -
GET     /api/v1/quality                                            -       yes   yes   -     yes
GET     /api/v1/quality/{question}                                 -       own   -     -     -
GET     /api/v1/indicators                                         yes     yes   yes   yes   yes

GET     /dashboard                                                 -       yes   yes   -     yes
GET     /dashboard/trend.csv                                       -       any   any   -     any
GET     /dashboard/ranking.csv                                     -       any   any   -     any
GET     /dashboard/outcomes.csv                                    -       any   any   -     any
GET     /dashboard/pyramid.csv                                     -       any   any   -     any
GET     /dashboard/rhythm.csv                                      -       any   any   -     any
GET     /dashboard/overview.csv                                    -       any   any   -     any
GET     /dashboard/fleet.csv                                       -       any   any   -     any
GET     /dashboard/trend.svg                                       -       any   any   -     any
GET     /dashboard/fleet.csv?region={county}                       -       no    own   -     all

GET     /api/v1/figures                                            -       any   any   -     any
GET     /api/v1/figures?region={county}                            -       own   own   -     all
GET     /api/v1/figures?region=station-{station}                   -       own   own   -     all
GET     /api/v1/figures?by=age_sex&level=county                    -       any   any   -     any
GET     /api/v1/figures/periods                                    -       yes   yes   -     yes
GET     /api/v1/figures/regions                                    -       yes   yes   -     yes

GET     /reports                                                   -       yes   yes   -     yes
POST    /reports                                                   -       -     yes   -     yes
GET     /reports/{report}                                          -       own   own   -     all
POST    /reports/{report}/step                                     -       -     own   -     all
GET     /reports/{report}/file.xlsx                                -       own   own   -     all
GET     /reports/{report}/file.csv                                 -       own   own   -     all
GET     /reports/{report}/file.pdf                                 -       own   own   -     all
GET     /reports/{report}/file.json                                -       own   own   -     all
GET     /api/v1/reports                                            -       yes   yes   -     yes
GET     /api/v1/reports/{report}                                   -       own   own   -     all
GET     /reports/{report}/reconcile                                -       own   -     -     all
POST    /reports/{report}/reconcile                                -       own   -     -     all

GET     /rules/replay                                              -       yes   -     -     yes
POST    /rules/replay                                              -       yes   -     -     yes
GET     /rules/replay/{replay}                                     -       own   -     -     all
GET     /rules/replay/{replay}/progress                            -       own   -     -     all
GET     /api/v1/rules/replays/{replay}                             -       own   -     -     all

GET     /incidents                                                 -       yes   -     yes   yes
POST    /incidents/{incident}/acknowledge                          -       own   -     no    all
POST    /incidents/{incident}/close                                -       own   -     no    all
POST    /incidents/{trouble}/acknowledge                           -       no    -     all   all
POST    /incidents/{outbreak}/close                                -       no    -     no    no
GET     /api/v1/incidents                                          -       yes   -     yes   yes

GET     /fleet                                                     -       -     -     yes   yes
GET     /api/v1/fleet                                              -       -     -     yes   yes
GET     /fleet/assign?device={address}                             -       -     -     -     all
POST    /fleet/assign                                              -       -     -     -     all
GET     /fleet/settings?gateway={gateway}                          -       -     -     -     all
POST    /fleet/settings                                            -       -     -     -     all
GET     /fleet/revoke?gateway={gateway}                            -       -     -     -     all
POST    /fleet/revoke                                              -       -     -     -     all
GET     /fleet/revoked?gateway={revoked}                           -       -     -     -     all

GET     /imports                                                   -       -     -     -     yes
GET     /imports/template?kind=residents                           -       -     -     -     yes
POST    /imports                                                   -       -     -     -     yes
GET     /imports/refused?upload={upload}                           -       -     -     -     own
POST    /imports/apply                                             -       -     -     -     own
"""


class Line(NamedTuple):
    """What each role is answered at an address. `address` has places in braces."""

    method: str
    address: str
    rights: Mapping[str, str]

    @property
    def name(self) -> str:
        """As it stands in the matrix."""
        return f"{self.method} {self.address}"

    @property
    def has_owner(self) -> bool:
        """Whether what is asked for may be somebody else's."""
        return any(right in ("own", "here", "all", "no") for right in self.rights.values())


def lines() -> list[Line]:
    """The matrix of rights."""
    return [_line(text.split()) for text in RIGHTS.splitlines() if text.strip() and not text.startswith("#")]


def public() -> list[Line]:
    """What anybody may ask."""
    words = (text.split() for text in PUBLIC.splitlines() if text.strip())
    return [Line(method, address, {}) for method, address in words]


def _line(words: list[str]) -> Line:
    assert len(words) == 2 + len(ROLES), f"a line of the matrix is not whole: {words}"
    return Line(words[0], words[1], dict(zip(ROLES, words[2:], strict=True)))
