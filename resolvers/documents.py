"""The documents that clients send: looked up by their hash, read once, kept while they are in use.

With a list of documents known in advance, only those run.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from graphql import (
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    parse,
    specified_rules,
)
from graphql.pyutils import Undefined
from strawberry.schema.schema import validate_document

from services import limits
from services.errors import Forbidden, InvalidInput, LimitExceeded, NotFound

from .measuring import Limits, Measure, Values, Walk, counted, repeats, within
from .traits import Traits, traits_of

TOO_LONG = re.compile(r"Document contains more than \d+ (tokens|comments)")
"""How graphql-core tells that it has not read a document to its end."""

K = TypeVar("K")
V = TypeVar("V")


class PersistedQueryNotFound(NotFound):
    """Nobody has sent it to this process, or long ago: clients send it whole, with its hash."""

    code = "PERSISTED_QUERY_NOT_FOUND"


class PersistedQueryNotSupported(InvalidInput):
    """Not by this protocol: clients stop sending hashes."""

    code = "PERSISTED_QUERY_NOT_SUPPORTED"


class PersistedQueryRequired(Forbidden):
    """Only documents known in advance run here, and this is none of them."""

    code = "PERSISTED_QUERY_REQUIRED"


class Recent(Generic[K, V]):
    """What was used last, up to a total weight."""

    def __init__(self, capacity: int, weight: Callable[[V], int]) -> None:
        self._capacity = capacity
        self._weight = weight
        self._held = 0
        self._kept: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key]

    def keep(self, key: K, value: V) -> None:
        """Under a new key. What is heavier than all the room there is is not kept."""
        if self._weight(value) > self._capacity:
            return
        self._kept[key] = value
        self._held += self._weight(value)
        while self._held > self._capacity:
            _, gone = self._kept.popitem(last=False)
            self._held -= self._weight(gone)


class Document:
    """One text, read, with what has been found out about it."""

    def __init__(self, text: str, tokens_max: int) -> None:
        self.parsed = parse(text, max_lexical_tokens=tokens_max, max_comments=tokens_max)
        self.tokens: int = self.parsed.token_count or 0
        self.repeats = repeats(self.parsed)
        self._problems: list[GraphQLError] | None = None
        self._measured: dict[int, tuple[dict[str, Any], Measure]] = {}
        self._traits: Traits | None = None

    def operations(self, name: str | None) -> list[OperationDefinitionNode]:
        """All of them, or those of this name."""
        found = [d for d in self.parsed.definitions if isinstance(d, OperationDefinitionNode)]
        return [o for o in found if name is None or (o.name and o.name.value == name)]

    def measure(
        self, schema: GraphQLSchema, operation: OperationDefinitionNode, variables: Values
    ) -> Measure:
        """What an operation asks for; walked anew only for other values of what sizes it."""
        used, measure = self._measured.get(id(operation), ({}, None))
        if measure is None or _differ(variables, used):
            walk = Walk(schema, self.parsed, variables)
            measure = walk.measure(operation)
            self._measured[id(operation)] = walk.used, measure
        return measure

    def problems(self, schema: GraphQLSchema, introspection: bool) -> list[GraphQLError]:
        """What validation finds."""
        if self._problems is None:
            rules = tuple(specified_rules)
            rules += () if introspection else (NoSchemaIntrospectionCustomRule,)
            self._problems = validate_document(schema, self.parsed, rules)
        return list(self._problems)

    def traits(self, schema: GraphQLSchema) -> Traits:
        """Of a document without problems."""
        if self._traits is None:
            self._traits = traits_of(self.parsed, schema)
        return self._traits


def _differ(variables: Values, used: Values) -> bool:
    return any(counted(variables.get(name, Undefined)) != used[name] for name in used)


LONG = "The document has {} characters; at most {} are allowed."
TOO_MANY = "The document has more than the {:,} tokens or comments that are allowed."


class Documents:
    """Of one process. `allowed` are the only ones to run, by their SHA-256; without it, any."""

    def __init__(
        self, allowance: Limits | None = None, allowed: Mapping[str, str] | None = None
    ) -> None:
        self.limits = allowance or Limits()
        self._allowed = allowed
        self._sent: Recent[str, str] = Recent(limits.QUERY_CHARACTERS_KEPT, len)
        self._read: Recent[str, Document] = Recent(
            limits.QUERY_TOKENS_KEPT, lambda found: found.tokens
        )

    def text(self, query: str | None, extensions: Mapping[str, Any] | None) -> str | None:
        """The document that a request means, by `extensions.persistedQuery` or by its own text."""
        digest = _digest_in(extensions)
        within(LONG, len(query or ""), limits.QUERY_CHARACTERS)
        if query and digest is not None and digest != sha256(query):
            raise InvalidInput("This is not the SHA-256 of the document.", "persistedQuery")
        if self._allowed is not None:
            return self._known(query, digest)
        if digest is None:
            return query
        found = self._sent.get(digest)
        if not found and not query:
            raise PersistedQueryNotFound("PersistedQueryNotFound")
        if not found and query:
            self._sent.keep(digest, query)
        return found or query

    def _known(self, query: str | None, digest: str | None) -> str | None:
        if not query and digest is None:
            return None
        found = (self._allowed or {}).get(digest or sha256(query or ""))
        if found is None:
            raise PersistedQueryRequired("Only documents that are known in advance run here.")
        return found

    def read(self, text: str) -> Document:
        """The document of a text, read at most once while it is kept. Raises GraphQLSyntaxError."""
        found = self._read.get(text)
        if found is None:
            try:
                found = Document(text, self.limits.tokens)
            except GraphQLSyntaxError as failure:
                if TOO_LONG.search(failure.message):
                    raise LimitExceeded(TOO_MANY.format(self.limits.tokens)) from None
                raise
            self._read.keep(text, found)
        return found


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _digest_in(extensions: Mapping[str, Any] | None) -> str | None:
    """The hash by which a request means its document, if it does."""
    persisted = (extensions or {}).get("persistedQuery")
    if persisted is None:
        return None
    if not isinstance(persisted, dict) or persisted.get("version") != 1:
        raise PersistedQueryNotSupported("PersistedQueryNotSupported")
    digest = persisted.get("sha256Hash")
    if not isinstance(digest, str):
        raise InvalidInput("A persisted query has a sha256Hash.", "persistedQuery")
    return digest.lower()
