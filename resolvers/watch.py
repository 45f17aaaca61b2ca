"""Watching operations: what they are called, how they end, how long they take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from strawberry.extensions import SchemaExtension

from .errors import unexpected

Outcome = Literal["ok", "refused", "failed", "left"]


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


class Watched(SchemaExtension):
    """Tells the watch of the operation's context."""

    _kind: str
    _outcome: Outcome | None

    def on_operation(self) -> Iterator[None]:
        self._kind, self._outcome = "unknown", None
        began = time.perf_counter()
        try:
            yield
        finally:
            if (result := self.execution_context.result) is not None:
                self._note(result)
            name = None if self._kind == "unknown" else self.execution_context.operation_name
            seconds = time.perf_counter() - began
            self._watch.ended(Ended(name, self._kind, self._how_it_ended(), seconds))

    def on_validate(self) -> Iterator[None]:
        self._kind = self.execution_context.operation_type.value
        self._watch.began(self.execution_context.operation_name, self._kind)
        yield

    def on_stream_result(self, result: Any) -> Iterator[None]:
        self._note(result)
        yield

    def _note(self, result: Any) -> None:
        """The worst of all that a stream yields is its outcome."""
        errors = result.errors or []
        if any(unexpected(error) for error in errors):
            self._outcome = "failed"
        elif self._outcome != "failed":
            self._outcome = "refused" if errors else self._outcome or "ok"

    def _how_it_ended(self) -> Outcome:
        if self._kind == "unknown":
            return "refused"
        return self._outcome or ("ok" if self._kind == "subscription" else "left")

    @property
    def _watch(self) -> Watch:
        watch: Watch = self.execution_context.context.watch
        return watch
