"""Many operations in one unit of work: all of them or none, or all but those that are refused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

from models import EventKind, prefix_of

from . import limits
from .checks import Document
from .deletion import Deletion
from .editing import EditConflict
from .errors import Conflict, InvalidInput, LimitExceeded, Refusal
from .verbs import VERBS
from .work import Work

Place = tuple[str | int, ...]

REF = re.compile(rf"[A-Za-z0-9_-]{{1,{limits.REF}}}")
KEY = "idempotencyKey"
PARTS = {"shot": "shots", "img": "images"}
"""What is named one by one after the operation that created them, by the prefix of their ids."""


@dataclass(frozen=True)
class Operation:
    """One operation as it was given, in the contract's own names: a verb with what it takes, and
    maybe a `ref`. `ids` are the places in it that hold ids; such an id may be a `$name`."""

    given: Document
    ids: Sequence[Place]

    def names(self) -> Iterator[tuple[Place, str]]:
        """Each place that holds an id, with the id or `$name`."""
        for place in self.ids:
            yield place, _at(self.given, place)


class Problem(TypedDict):
    code: str
    message: str
    field: str


class Result(TypedDict):
    """Of one operation; `created` is in the order of creation."""

    ref: str | None
    id: str | None
    created: list[str]
    restoreId: str | None
    error: Problem | None


class Answer(TypedDict):
    results: list[Result]


class Rejected(Conflict):
    """Nothing was done: some operation was refused, as `results` tell."""

    def __init__(self, results: Sequence[Result]) -> None:
        super().__init__("Nothing was done: an operation was refused.")
        self.results = [
            Result(ref=r["ref"], id=None, created=[], restoreId=None, error=r["error"])
            for r in results
        ]


async def apply_operations(
    work: Work, operations: Sequence[Operation], *, partly: bool = False
) -> Answer:
    """Carry out operations in their order, each seeing what those before it did.

    Each is tried even after a refused one, so that every refusal is told. Then all that was done
    is given up, unless `partly`, which keeps it. Refused with Rejected when nothing is left.
    """
    if not 1 <= len(operations) <= limits.OPERATIONS:
        raise LimitExceeded(f"From 1 to {limits.OPERATIONS} operations.", "operations")
    await work.hold_all({name for each in operations for _, name in each.names()})
    batch = _Batch(work)
    results = [await batch.result(operation) for operation in operations]
    refused = sum(result["error"] is not None for result in results)
    if refused == len(results) or (refused and not partly):
        raise Rejected(results)
    return {"results": results}


@dataclass
class _Batch:
    work: Work
    _count: int = 0
    _refs: set[str] = field(default_factory=set)
    """Of the operations so far."""
    _named: dict[str, str] = field(default_factory=dict)
    """Ids by the names that later operations may use."""

    async def result(self, operation: Operation) -> Result:
        """Of the next operation; a refused one leaves nothing."""
        path = f"operations.{self._count}"
        self._count += 1
        ref = operation.given.get("ref")
        result = Result(ref=None, id=None, created=[], restoreId=None, error=None)
        before = len(self.work.events)
        try:
            _check(ref)
            result["ref"] = ref
            self._take(ref)
            async with self.work.part():
                answer = await self._done(operation)
                if len(self.work.events) > limits.CHANGES_PER_BATCH:
                    raise LimitExceeded(f"At most {limits.CHANGES_PER_BATCH:,} changes in a batch.")
        except Refusal as refusal:
            at = f"{path}.{refusal.field}" if refusal.field else path
            result["error"] = Problem(code=refusal.code, message=str(refusal), field=at)
            return result
        events = self.work.events[before:]
        result["created"] = [e.subject_id for e in events if e.kind is EventKind.CREATED]
        result["id"] = answer[0].id if isinstance(answer, list) else answer.id
        result["restoreId"] = answer.restore_id if isinstance(answer, Deletion) else None
        if ref is not None:
            self._named |= _names(ref, result)
        return result

    def _take(self, ref: str | None) -> None:
        if ref in self._refs:
            raise InvalidInput(f"Another operation before this one has the ref {ref!r}.", "ref")
        if ref is not None:
            self._refs.add(ref)

    async def _done(self, operation: Operation) -> Any:
        """What the use case answers. Refusals name their place within the operation."""
        verb, given = _verb_of(operation.given)
        for place, name in operation.names():
            if name.startswith("$"):
                given = _put(given, place[1:], self._id(name, _dotted(place)))
        if given.pop(KEY, None) is not None:
            message = "The key of a batch stands beside its operations and covers all of them."
            raise InvalidInput(message, f"{verb}.{KEY}")
        try:
            answer = await VERBS[verb](self.work, given)
            if isinstance(answer, EditConflict):
                raise _overlapping(answer)
        except Refusal as refusal:
            # The use cases name the argument `input`, which an operation is itself.
            within = (refusal.field or "").removeprefix("input").removeprefix(".")
            refusal.field = f"{verb}.{within}".removesuffix(".")
            raise
        return answer

    def _id(self, name: str, field: str) -> str:
        """The id that a `$name` stands for."""
        found = self._named.get(name)
        if found is not None:
            return found
        ref, _, part = name[1:].partition(".")
        if f"${ref}" in self._named:
            message = f"The operation {ref!r} has no {part[:40]!r} to name."
        elif ref in self._refs:
            message = f"The operation {ref!r} was refused, so it names nothing."
        else:
            message = f"No operation before this one has the ref {ref[:40]!r}."
        raise InvalidInput(message, field)


def _check(ref: str | None) -> None:
    if ref is not None and not REF.fullmatch(ref):
        allowed = f"1 to {limits.REF} letters, digits, - and _"
        raise InvalidInput(f"A ref has {allowed}.", "ref")


def _verb_of(given: Document) -> tuple[str, dict[str, Any]]:
    verbs = [name for name in given if name != "ref" and given[name] is not None]
    if len(verbs) != 1:
        raise InvalidInput(f"An operation does exactly one thing, not {len(verbs)}.")
    return verbs[0], dict(given[verbs[0]])


def _names(ref: str, result: Result) -> dict[str, str]:
    """`$ref` itself, `$ref.shots.0` and `$ref.images.0` of what it created, `$ref.restoreId`."""
    names = {f"${ref}": result["id"] or ""}
    if result["restoreId"] is not None:
        names[f"${ref}.restoreId"] = result["restoreId"]
    for prefix, part in PARTS.items():
        ids = [created for created in result["created"] if prefix_of(created) == prefix]
        names |= {f"${ref}.{part}.{n}": created for n, created in enumerate(ids)}
    return names


def _overlapping(conflict: EditConflict) -> Conflict:
    fields = ", ".join(conflict.fields)
    message = f"Others changed this since the version you started from: {fields}."
    return Conflict(message, f"patch.{conflict.fields[0]}")


def _dotted(place: Place) -> str:
    return ".".join(str(step) for step in place)


def _at(document: Any, place: Place) -> Any:
    for step in place:
        document = document[step]
    return document


def _put(document: Any, place: Place, value: str) -> Any:
    """A copy with another value at a place."""
    if not place:
        return value
    step, *below = place
    copied: Any = list(document) if isinstance(document, list) else dict(document)
    copied[step] = _put(document[step], tuple(below), value)
    return copied
