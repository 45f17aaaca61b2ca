"""The served schema."""

from __future__ import annotations

import asyncio
from typing import Any

import strawberry
from graphql import GraphQLError, OperationDefinitionNode, OperationType
from strawberry.exceptions import MissingQueryError
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types import ExecutionContext
from strawberry.types.execution import PreExecutionError
from strawberry.utils.await_maybe import await_maybe

from models.database import OUTAGE_PAUSE_SECONDS, out_of_reach
from schema import event
from schema.asset import Asset
from schema.bigint import BIGINT_SCALAR, BigInt
from schema.client import Client
from schema.cursor import CURSOR_SCALAR, Cursor
from schema.job import JobBatch
from schema.upload import UPLOAD_SCALAR, Upload
from schema.view import Torn
from services.errors import Refusal

from .documents import Document
from .measuring import VAST
from .mutations import Mutation
from .queries import Query
from .subscriptions import Subscription
from .watch import Watched

READS_MAX = 3


class Rereading(StrawberryGraphQLCoreExecutionContext):
    """Answers once. A query, or an event of a stream, that met a deletion between two reads, or a
    connection that was cut, is read again: a follower that goes on after an error would have missed
    that event. An event waits for a lost database as long as it takes.
    """

    def execute_operation(self, serially: bool | None = None) -> Any:
        result = super().execute_operation(serially)
        return self._whole(result, serially) if self.is_awaitable(result) else result

    async def _whole(self, reading: Any, serially: bool | None) -> Any:
        result, context, left = await reading, self.context_value, READS_MAX - 1
        while not context.has_written:
            causes = [error.original_error for error in result.errors or ()]
            if any(cause is not None and out_of_reach(cause) for cause in causes):
                if self.operation.operation is OperationType.SUBSCRIPTION:
                    await asyncio.sleep(OUTAGE_PAUSE_SECONDS)
                    left += 1
            elif not any(isinstance(cause, Torn) for cause in causes):
                break
            if not left:
                break
            left -= 1
            context.forget()
            again: Any = self.build_per_event_executor(self.root_value)
            result = await await_maybe(super(Rereading, again).execute_operation(serially))
        return result


class Graph(strawberry.Schema):
    """Our schema. Errors are translated where they are sent, so here they are not logged again."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        pass

    async def _prepare_operation_async(
        self, context: ExecutionContext, extensions_runner: SchemaExtensionsRunner
    ) -> PreExecutionError | None:
        """The one step before execution, of requests and streams alike. Limits come first:
        validating may cost far more than measuring.
        """
        try:
            document, operation = self._chosen(context)
            self._check(context, document, operation)
            limits = context.context.documents.limits
            async with extensions_runner.validation():
                problems = document.problems(self._schema, limits.introspection)
        except Refusal as refusal:
            problems = [GraphQLError(str(refusal), original_error=refusal)]
        except GraphQLError as failure:
            problems = [failure]
        context.pre_execution_errors = problems or None
        return PreExecutionError(data=None, errors=problems) if problems else None

    def _chosen(self, context: ExecutionContext) -> tuple[Document, OperationDefinitionNode]:
        """The document, and of its operations the one to run. Of several none runs until one is
        named; Strawberry would take the first."""
        documents = context.context.documents
        text = documents.text(context.query, context.operation_extensions)
        if not text:
            raise MissingQueryError
        document = documents.read(text)
        context.query, context.graphql_document = text, document.parsed
        operations = document.operations(context._provided_operation_name)
        if not operations:
            raise CannotGetOperationTypeError(context.operation_name)
        if context.operation_type not in context.allowed_operations:
            raise InvalidOperationTypeError(context.operation_type)
        if len(operations) > 1 and context._provided_operation_name is None:
            raise GraphQLError("Name the operation to run.")
        return document, operations[0]

    def _check(
        self, context: ExecutionContext, document: Document, operation: OperationDefinitionNode
    ) -> None:
        """Refuse what asks for too much. What a stream sends is shared between its followers, so
        only a single answer tells its cost."""
        limits = context.context.documents.limits
        measure = document.measure(self._schema, operation, context.variables or {})
        if operation.operation is not OperationType.SUBSCRIPTION:
            requested = min(measure.cost, VAST)
            context.extensions_results["cost"] = {"requested": requested, "maximum": limits.cost}
        limits.check(measure, document.repeats)


api = Graph(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[Asset, Client, JobBatch, *event.KINDS.values(), event.RemovedEvent],
    extensions=[Watched],
    execution_context_class=Rereading,
    config=StrawberryConfig(
        scalar_map={Cursor: CURSOR_SCALAR, BigInt: BIGINT_SCALAR, Upload: UPLOAD_SCALAR}
    ),
)
