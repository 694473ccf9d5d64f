"""The visit forms as data (`config/forms/*.yaml`): one source of fields and codes for page, check and print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import Field as Checked
from pydantic import ValidationError, model_validator

from ingest.alerting.parts import Part, Words
from ingest.followups.risks import body_mass_index
from maixun.configuration import ConfigurationError

Kind = Literal["number", "choice", "choices", "text", "date", "medications", "mass_index"]


class MeterValue(Part):
    """Which reading a field can be taken from; `meal` for glucose only."""

    kind: str
    metric: str
    meal: str | None = None


class Field(Part):
    """One field. `key`: the name it is stored under; `column`: where in `care.visit`, else it is in the form.

    `alone`: a code that excludes all others. `of`: the weight and the height that a mass index is counted from.
    `target`: the field that holds what the value shall become; on paper they share a row. `extra`: not on the paper
    form, and printed only where something stands.
    """

    key: str = ""
    label: Words
    kind: Kind
    options: Mapping[str, Words] = Checked(default_factory=dict)
    alone: str | None = None
    column: str | None = None
    unit: str = ""
    unit_en: str = ""
    low: float | None = None
    high: float | None = None
    decimals: int = 0
    reading: MeterValue | None = None
    of: tuple[str, str] | None = None
    target: str | None = None
    extra: bool = False
    required: bool = False

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.kind in ("choice", "choices")) != bool(self.options):
            raise ValueError(f"{self.label.zh}: exactly choices have options")
        if self.kind == "number" and (self.low is None or self.high is None):
            raise ValueError(f"{self.label.zh}: say between which values a number is plausible")
        if (self.kind == "mass_index") != (self.of is not None):
            raise ValueError(f"{self.label.zh}: exactly a mass index is counted from other fields")
        return self


class SectionFile(Part):
    """A section as the file has it: names, with ! where a complete form needs the field."""

    label: Words
    fields: tuple[str, ...]


class FormFile(Part):
    """One form's file."""

    programme: str
    title: Words
    verified: bool
    source: str
    sections: tuple[SectionFile, ...]


class FieldsFile(Part):
    """The file of all fields."""

    verified: bool
    source: str
    fields: Mapping[str, Field]


class Section(Part):
    """A section with its fields."""

    label: Words
    fields: tuple[Field, ...]

    def rows(self, columns: Sequence[Mapping[str, Any]], *, on_paper: bool) -> list[Field]:
        """The rows of the sheet for visits with these values: a target shares its value's."""
        targets = {field.target for field in self.fields}
        rows = [field for field in self.fields if field.key not in targets]
        if not on_paper:
            return rows
        return [field for field in rows if not field.extra or any(values.get(field.key) for values in columns)]

    def target_of(self, field: Field) -> Field | None:
        """The field with what the value shall become, if the form asks for it."""
        return next((each for each in self.fields if each.key == field.target), None)


class Form(Part):
    """A form: its fields by key are unique."""

    programme: str
    title: Words
    verified: bool
    sections: tuple[Section, ...]

    @model_validator(mode="after")
    def _keys_are_unique(self) -> Self:
        keys = [field.key for field in self.fields()]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"form {self.programme}: fields {twice} are there twice")
        unknown = sorted({name for field in self.fields() for name in field.of or ()} - set(keys))
        if unknown:
            raise ValueError(f"form {self.programme}: an index is counted from {unknown}, which it does not ask for")
        return self

    def fields(self) -> Iterator[Field]:
        """All fields in order."""
        for section in self.sections:
            yield from section.fields

    def counted(self, values: Mapping[str, Any]) -> dict[str, float]:
        """What nobody types because it follows from other fields, by key, as far as those are filled in."""
        found = {
            field.key: body_mass_index(*(values.get(name) for name in field.of)) for field in self.fields() if field.of
        }
        return {key: value for key, value in found.items() if value is not None}


def parse(documents: Mapping[str, Any]) -> dict[str, Form]:
    """Forms by programme, from the parsed YAML by file name. Raises `ConfigurationError` naming the file."""
    try:
        known = FieldsFile.model_validate(documents["forms/fields.yaml"])
        files = [FormFile.model_validate(each) for name, each in documents.items() if name != "forms/fields.yaml"]
        return {file.programme: _form(file, known.fields) for file in files}
    except (ValidationError, KeyError) as error:
        raise ConfigurationError(f"config/forms: {error}") from None


def _form(file: FormFile, known: Mapping[str, Field]) -> Form:
    return Form(
        programme=file.programme,
        title=file.title,
        verified=file.verified,
        sections=tuple(
            Section(label=section.label, fields=tuple(_field(name, known) for name in section.fields))
            for section in file.sections
        ),
    )


def _field(name: str, known: Mapping[str, Field]) -> Field:
    plain = name.removesuffix("!")
    field = known[plain]
    return field.model_copy(update={"key": field.key or plain, "required": name.endswith("!")})
