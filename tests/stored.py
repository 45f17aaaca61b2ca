"""All that is stored, to compare before and after."""

from __future__ import annotations

from typing import Any

from tortoise import Tortoise

import models
from models.database import statement

Stored = dict[str, list[dict[str, Any]]]


async def stored() -> Stored:
    """Every row of every table, by table."""
    tables = sorted(model._meta.db_table for model in Tortoise.apps["models"].values())
    return {table: await statement(f'SELECT * FROM "{table}" ORDER BY id') for table in tables}


async def row_ids() -> set[str]:
    """The id of every row that has one of its own kind; feeds carry their owner's."""
    everything = await stored()
    kinds = [m for m in Tortoise.apps["models"].values() if issubclass(m, models.Row)]
    return {row["id"] for model in kinds for row in everything[model._meta.db_table]}
