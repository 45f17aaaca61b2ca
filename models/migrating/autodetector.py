"""What the models ask of a database that the migrations do not make yet."""

from __future__ import annotations

import json
from copy import copy
from typing import Any

from tortoise.fields import CharField, Field, JSONField
from tortoise.fields.data import CharEnumFieldInstance
from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.constraints import CheckConstraint
from tortoise.migrations.schema_generator.state import State
from tortoise.models import Model


class Autodetector(MigrationAutodetector):
    """Compares and writes nothing but what a database can tell.

    Docstrings, the words of an enumeration and the encoding of JSON belong to the program: they
    change without a migration, and a migration imports none of them. CHECKs belong to the
    migrations, as partial indexes do: models do not repeat them.
    """

    def _current_state(self) -> State:
        return _shapes(super()._current_state())

    async def _project_state(self) -> State:
        return _shapes(await super()._project_state())


def _shapes(state: State) -> State:
    for model in state.models.values():
        model.bases = (Model,)
        model.options.pop("table_description", None)
        rules = model.options.pop("constraints", ())
        kept = tuple(rule for rule in rules if not isinstance(rule, CheckConstraint))
        if kept:
            model.options["constraints"] = kept
        model.fields = {name: _shape(field) for name, field in model.fields.items()}
    return state


def _shape(field: Field[Any]) -> Field[Any]:
    shape = _text(field) if isinstance(field, CharEnumFieldInstance) else copy(field)
    if isinstance(shape, JSONField):
        shape.encoder, shape.decoder = json.dumps, json.loads
    elif isinstance(shape, ForeignKeyFieldInstance) and shape.source_field is None:
        shape.source_field = f"{field.model_field_name}_id"
    shape.description = None
    return shape


def _text(field: CharEnumFieldInstance) -> CharField[Any]:
    text: CharField[Any] = CharField(max_length=field.max_length)
    for name in ("null", "unique", "index", "source_field", "model_field_name"):
        setattr(text, name, getattr(field, name))
    text.default = field.default and field.default.value
    return text
