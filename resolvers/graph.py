"""The served schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import strawberry
from graphql import DocumentNode, GraphQLError, OperationDefinitionNode
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext, ExecutionResult

from schema import event
from schema.asset import Asset
from schema.client import Client
from schema.cursor import CURSOR_SCALAR, Cursor
from schema.job import JobBatch
from schema.view import Torn

from .mutations import Mutation
from .queries import Query
from .subscriptions import Subscription
from .watch import Watched


class OneOperation(SchemaExtension):
    """Of several operations none runs until one is named; Strawberry would take the first."""

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        named = context._provided_operation_name is not None
        if not named and len(_operations(context.graphql_document)) > 1:
            context.pre_execution_errors = [GraphQLError("Name the operation to run.")]
        yield


def _operations(document: DocumentNode | None) -> list[OperationDefinitionNode]:
    definitions = document.definitions if document is not None else ()
    return [found for found in definitions if isinstance(found, OperationDefinitionNode)]


READS_MAX = 3
CONTEXT = 2  # its place among the arguments of `execute`


class Graph(strawberry.Schema):
    """Our schema. Errors are translated where they are sent, so here they are not logged again."""

    async def execute(self, *args: Any, **named: Any) -> ExecutionResult:
        """Answer once; a query that met a deletion between two reads is read again."""
        context = named.get("context_value") or args[CONTEXT]
        for _ in range(READS_MAX):
            result = await super().execute(*args, **named)
            torn = any(isinstance(error.original_error, Torn) for error in result.errors or ())
            if not torn or context.has_written:
                break
            context.forget()
        return result

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        pass


api = Graph(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[Asset, Client, JobBatch, *event.KINDS.values(), event.RemovedEvent],
    extensions=[Watched, OneOperation],
    config=StrawberryConfig(scalar_map={Cursor: CURSOR_SCALAR}),
)
