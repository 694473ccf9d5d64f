"""The numbers of `config/ecg.yaml`: when a recording is readable, when its rhythm asks for a doctor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]


class _Sourced(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    source: str
    verified: bool


class Shortest(_Sourced):
    """Recordings shorter than so many seconds are not judged."""

    seconds: Annotated[float, Field(gt=0)]


class Flat(_Sourced):
    """A second that spans less than `microvolts` is flat; more than `share` of them is not readable."""

    microvolts: Annotated[float, Field(gt=0)]
    share: Share


class Saturated(_Sourced):
    """More than this share of samples at the highest or lowest value is not readable."""

    share: Share


class Alike(_Sourced):
    """Beats whose mean correlation with their average is lower are noise."""

    correlation: Share


class FewestBeats(_Sourced):
    """Fewer beats found than this is not readable."""

    number: Annotated[int, Field(ge=3)]


class Irregular(_Sourced):
    """An RR interval is unlike the one before when it differs by `difference` of it; `share` of them is irregular."""

    difference: Annotated[float, Field(gt=0)]
    share: Share


class Quality(BaseModel):
    """What a readable recording has."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    shortest: Shortest
    flat: Flat
    saturated: Saturated
    alike: Alike
    fewest_beats: FewestBeats


class Rhythm(BaseModel):
    """What an irregular rhythm is."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    irregular: Irregular


class Criteria(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    quality: Quality
    rhythm: Rhythm


def parse(document: Mapping[str, Any]) -> Criteria:
    """The criteria from the parsed `config/ecg.yaml`. Raises ValueError that names the wrong key."""
    return Criteria.model_validate(document)
