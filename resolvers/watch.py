"""Watching operations: what they are called, how they end, how long they take."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension

from .errors import failed

Outcome = Literal["ok", "refused", "failed", "left"]
ANSWERED: tuple[Outcome, ...] = ("ok", "refused", "failed")
"""How an operation can be answered, the worst last."""


@dataclass(frozen=True)
class Ended:
    """`kind` is query, mutation or subscription, or "unknown" when nothing got to run.

    Refused: the client is to blame. Failed: we are. Left: the client was gone before the answer.
    """

    name: str | None
    kind: str
    outcome: Outcome
    seconds: float


class Watch:
    """Is told of each operation when it has been read, and when it has ended. It must not raise."""

    def began(self, name: str | None, kind: str) -> None: ...

    def ended(self, end: Ended) -> None: ...


class Tally:
    """The worst of all that an operation was answered with."""

    __slots__ = ("outcome",)

    def __init__(self) -> None:
        self.outcome: Outcome | None = None

    def note(self, errors: Iterable[GraphQLError] | None) -> None:
        found = list(errors or ())
        worst: Outcome = "failed" if any(failed(error) for error in found) else "refused"
        self.include(worst if found else "ok")

    def include(self, outcome: Outcome | None) -> None:
        known = [found for found in (self.outcome, outcome) if found is not None]
        self.outcome = max(known, key=ANSWERED.index, default=None)


@contextmanager
def watching(watch: Watch, name: str | None, tally: Tally) -> Iterator[None]:
    """Around a subscription that is not executed for one client alone."""
    began = time.perf_counter()
    watch.began(name, "subscription")
    try:
        yield
    finally:
        seconds = time.perf_counter() - began
        watch.ended(Ended(name, "subscription", tally.outcome or "ok", seconds))


class Watched(SchemaExtension):
    """Tells the watch of the operation's context."""

    _kind: str
    _tally: Tally

    def on_operation(self) -> Iterator[None]:
        self._kind, self._tally = "unknown", Tally()
        began = time.perf_counter()
        try:
            yield
        finally:
            if (result := self.execution_context.result) is not None:
                self._tally.note(result.errors)
            name = None if self._kind == "unknown" else self.execution_context.operation_name
            seconds = time.perf_counter() - began
            self._watch.ended(Ended(name, self._kind, self._how_it_ended(), seconds))

    def on_validate(self) -> Iterator[None]:
        self._kind = self.execution_context.operation_type.value
        self._watch.began(self.execution_context.operation_name, self._kind)
        yield

    def on_stream_result(self, result: Any) -> Iterator[None]:
        self._tally.note(result.errors)
        yield

    def _how_it_ended(self) -> Outcome:
        if self._kind == "unknown":
            return "refused"
        return self._tally.outcome or ("ok" if self._kind == "subscription" else "left")

    @property
    def _watch(self) -> Watch:
        watch: Watch = self.execution_context.context.watch
        return watch
