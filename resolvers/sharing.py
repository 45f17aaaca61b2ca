"""Which subscriptions are the same for all who ask for them, so that they are executed only once.

The same: document, name of the operation, variables but for where to begin, and what the actor may
see. Anything out of the ordinary is shared with nobody, and answered or refused by itself.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Hashable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import (
    FieldNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
)
from graphql.execution.values import get_argument_values, get_variable_values

from models import Project
from schema.cursor import Cursor, feed_cursor, sequence_in
from services.access import seen
from services.actor import Actor
from services.errors import Refusal
from services.feed import Place, seen_head
from services.lookout import Lookout
from services.presence import check_room, staying
from services.watching import check_watchable

from .context import Context
from .documents import Document
from .graph import api
from .traits import Traits

EVENTS, LIVE, JOBS, PRESENCE = "projectEvents", "liveProject", "jobProgress", "presence"
CURSOR = "after"


@dataclass(frozen=True, slots=True)
class Shared:
    """A subscription to follow in common: whoever has the same `key` is sent the same.

    `gapless`: each result continues the one before, from a place in a feed. Otherwise of each thing
    that is told of the latest counts, and who comes is told all of it anew.
    """

    key: Hashable
    name: str | None
    _field: str
    _query: str
    _variables: dict[str, Any]
    _context: Context
    _actor: Actor
    _arguments: Mapping[str, Any]

    @property
    def gapless(self) -> bool:
        return self._field == EVENTS

    async def beginning(self) -> tuple[Place, int] | None:
        """Where the one who asks stands in the feed, and how far to go alone at least; None for
        somebody who has to be told first why they cannot stand there."""
        project_id = self._arguments["projectId"]
        after = self._context.resume_after or self._arguments.get(CURSOR)
        try:
            at = sequence_in(after, project_id) if after is not None else None
            head = await seen_head(self._actor, project_id)
        except (GraphQLError, Refusal):
            return None
        at = head if at is None else at
        return (Place(at), head) if at <= head else None

    async def may_begin(self) -> bool:
        """Whether the one who asks is not to be told first why they may not follow this."""
        given = self._arguments
        try:
            if self._field == LIVE:
                await seen(self._actor, Project, given["id"])
            elif self._field == JOBS:
                about = (given.get(name) for name in ("projectId", "shotId", "jobIds"))
                await check_watchable(self._actor, *about)
            else:
                await check_room(self._actor, given["projectId"])
        except Refusal:
            return False
        return True

    def attendance(self) -> AbstractAsyncContextManager[None]:
        """What the one who asks does meanwhile, and nobody else can do for them."""
        if self._field != PRESENCE:
            return nullcontext()
        return staying(self._context.world, self._context.actor, self._arguments["projectId"])

    def onwards(self, place: Place) -> AsyncGenerator[Any]:
        """What follows a place, which moves along."""
        context = self._context.unwatched(self._actor)
        context.place = place
        return self._results(context)

    def told_by(self, lookout: Lookout) -> AsyncGenerator[Any]:
        """Everything, what changes, and everything again whenever the lookout is asked."""
        context = self._context.unwatched(self._actor)
        context.lookout = lookout
        return self._results(context)

    def cursor(self, place: Place) -> Cursor:
        return feed_cursor(self._arguments["projectId"], place.at)

    async def _results(self, context: Context) -> AsyncGenerator[Any]:
        results = await api.stream(
            self._query, self._variables, context_value=context, operation_name=self.name
        )
        async with aclosing(results):
            async for result in results:
                yield result


def shared(
    context: Context, query: str, variables: Mapping[str, Any] | None, name: str | None
) -> Shared | None:
    """The operation as one to follow in common, if it is one and would run."""
    given = dict(variables or {})
    try:
        document = context.documents.read(query)
        operation = _only(context, document, name, given)
        field = _root(operation) if operation is not None else None
        if operation is None or field is None:
            return None
        arguments = _arguments(operation, field, given)
        known = _known(operation, field, given, document.traits(api._schema))
    except (GraphQLError, Refusal, TypeError):  # the last of variables nested too deeply
        return None
    own_name = operation.name.value if operation.name else None
    traits = document.traits(api._schema)
    actor = context.actor if traits.personal else context.actor.nameless()
    person = (actor.id, actor.bearer, actor.expires)
    rights = (frozenset(actor.roles.items()), actor.everywhere, actor.ceiling, actor.only_at)
    key = (traits.normalized, own_name, known, person, rights)
    return Shared(key, own_name, field.name.value, query, given, context, actor, arguments)


def _only(
    context: Context, document: Document, name: str | None, given: dict[str, Any]
) -> OperationDefinitionNode | None:
    """The one to run, if it is a subscription without problems. Refuses what asks for too much."""
    found = document.operations(name)
    if len(found) != 1 or found[0].operation is not OperationType.SUBSCRIPTION:
        return None
    [operation] = found
    limits = context.documents.limits
    limits.check(document.measure(api._schema, operation, given), document.repeats)
    return None if document.problems(api._schema, limits.introspection) else operation


def _root(operation: OperationDefinitionNode) -> FieldNode | None:
    """The only field of an operation, if it is one that is shared, without ifs and buts."""
    [field, *more] = operation.selection_set.selections
    if more or not isinstance(field, FieldNode) or field.directives or operation.directives:
        return None
    return field if field.name.value in (EVENTS, LIVE, JOBS, PRESENCE) else None


def _arguments(
    operation: OperationDefinitionNode, field: FieldNode, given: dict[str, Any]
) -> dict[str, Any]:
    """Raises GraphQLError for values that do not fit."""
    values = get_variable_values(api._schema, operation.variable_definitions or (), given)
    if isinstance(values, list):
        raise values[0]
    fields = api._schema.type_map["Subscription"].fields  # type: ignore[attr-defined]  # an object
    return get_argument_values(fields[field.name.value], field, values)


def _known(
    operation: OperationDefinitionNode, field: FieldNode, given: dict[str, Any], traits: Traits
) -> str:
    """The variables that are used, in one form, but for one that only says where to begin."""
    names = {definition.variable.name.value for definition in operation.variable_definitions or ()}
    for argument in field.arguments or ():
        if argument.name.value == CURSOR and isinstance(argument.value, VariableNode):
            name = argument.value.name.value
            if traits.named[name] == 2:  # in its definition and here
                names.discard(name)
    used = {name: value for name, value in given.items() if name in names}
    return orjson.dumps(used, option=orjson.OPT_SORT_KEYS).decode()
