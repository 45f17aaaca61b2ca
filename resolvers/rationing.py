"""The rates of mutations: each field asks whether it may before it begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import strawberry
from strawberry.extensions.field_extension import AsyncExtensionResolver, FieldExtension
from strawberry.types.field import StrawberryField

from schema.size import COUNTED_BY
from services.rationing import ration

ORDERED = "ordered"


def orders(count: Callable[[Any], int] = lambda given: 1) -> dict[object, object]:
    """Metadata of a field that has media made: how many, by its input, which nobody has checked
    yet; less than one counts as one."""
    return {ORDERED: count}


class Rationed(FieldExtension):
    """Of every mutation. Each field counts, aliases of one request too, and each operation of a
    batch."""

    def apply(self, field: StrawberryField) -> None:
        self._ordered = field.metadata.get(ORDERED)
        self._counted_by = field.metadata.get(COUNTED_BY)

    async def resolve_async(
        self, next_: AsyncExtensionResolver, source: Any, info: strawberry.Info, **kwargs: Any
    ) -> Any:
        context = info.context
        who = context.world, context.actor, context.address
        operations = len(kwargs[self._counted_by]) if self._counted_by is not None else 1
        await ration(*who, "mutations", max(1, operations))
        if self._ordered is not None:
            await ration(*who, "generation", max(1, self._ordered(kwargs.get("input"))))
        return await next_(source, info, **kwargs)
