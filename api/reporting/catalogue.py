"""The page of all definitions, `docs/indicators.md`: written from the configuration, so the two cannot differ."""

from __future__ import annotations

from collections.abc import Iterator

from api.reporting.definitions import Indicator, Indicators, Version

HEAD = """# Indicators

Every figure of a page, a report and a file follows one of these definitions and prints its name and version.
They lie in `config/indicators/`, the SQL of each beside them in `sql/`: one row a person, with the reason.
This page is written by `maixun report definitions`; a test keeps it so.

People are counted as of the last day of a period; a quarter and the year to date are those of Asia/Shanghai.
*Not verified* waits for somebody who has read the document itself.
"""


def page(indicators: Indicators) -> str:
    """The whole page."""
    return HEAD + "".join("\n" + "\n".join(_section(each)) + "\n" for each in indicators.by_name.values())


def _section(indicator: Indicator) -> Iterator[str]:
    yield f"## {indicator.name}: {indicator.label.zh} / {indicator.label.en}"
    for version in indicator.versions:
        yield ""
        yield from _version(version)


def _version(version: Version) -> Iterator[str]:
    until = f" to before {version.valid_until}" if version.valid_until else " on"
    mark = "" if version.verified else " *Not verified.*"
    yield f"**Version {version.version}, from {version.valid_from}{until}.**{mark}"
    yield ""
    yield f"- numerator: {version.numerator.en} / {version.numerator.zh}"
    if version.denominator is None:
        yield "- denominator: none, it is a count"
    else:
        yield f"- denominator: {version.denominator.en} / {version.denominator.zh}"
    yield f"- counts: {version.counts.en} / {version.counts.zh}"
    if version.population is not None and version.population.times != 1:
        yield f"- prevalence: {version.population.times:.1%}, other by region: {version.population.local or 'none'}"
    if version.boundary is not None:
        yield f"- boundary: `{version.boundary}`"
    yield f"- lost: {_spelt(version.lost)}; died: {_spelt(version.died)}; moved: {_spelt(version.moved)}"
    if version.parameters:
        yield f"- parameters: `{version.parameters}`"
    yield f"- SQL: `{version.sql}.sql`; source: {version.source}"


def _spelt(word: str) -> str:
    return word.replace("_", " ")
