"""The served schema."""

from __future__ import annotations

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from schema import event
from schema.asset import Asset
from schema.client import Client
from schema.cursor import CURSOR_SCALAR, Cursor
from schema.job import JobBatch

from .mutations import Mutation
from .queries import Query
from .subscriptions import Subscription


class Graph(strawberry.Schema):
    """Our schema. Errors are translated where they are sent, so here they are not logged again."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        pass


api = Graph(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[Asset, Client, JobBatch, *event.KINDS.values(), event.RemovedEvent],
    config=StrawberryConfig(scalar_map={Cursor: CURSOR_SCALAR}),
)
