from typing import Annotated

import strawberry

from schema.given import given, places_of_ids
from schema.operations import BatchPolicy, BatchResult, Operation, OperationResult
from schema.size import OPERATION, counted_by
from services import operations as batches
from services.idempotency import Once

from ..context import Info

Operations = Annotated[
    list[Operation], strawberry.argument(description="What to do, in this order; at most 500.")
]
OnError = Annotated[
    BatchPolicy | None,
    strawberry.argument(description="Whether a refused operation takes the others with it."),
]
Key = Annotated[
    str | None,
    strawberry.argument(description="Repeat a request with the same key to get its first answer."),
]


@strawberry.type
class OperationMutations:
    @strawberry.mutation(
        metadata=counted_by("operations", each=OPERATION),
        description="Carry out many operations in one transaction. Every refusal is told.",
    )
    async def apply_operations(
        self,
        info: Info,
        operations: Operations,
        on_error: OnError = BatchPolicy.REJECT_EVERYTHING,
        idempotency_key: Key = None,
    ) -> BatchResult:
        documents = [given(each) for each in operations]
        batch = [
            batches.Operation(document, list(places_of_ids(each)))
            for document, each in zip(documents, operations, strict=True)
        ]
        partly = on_error is BatchPolicy.REJECT_FAILED
        once = _once(idempotency_key, {"operations": documents, "partly": partly})
        act = batches.apply_operations
        try:
            answer = await info.context.do_once(once, act, batch, partly=partly)
        except batches.Rejected as rejected:
            return _answered(False, rejected.results)
        return _answered(True, answer["results"])


def _once(key: str | None, body: object) -> Once | None:
    if key is None:
        return None
    return Once("applyOperations", key, body, key_at="idempotencyKey", body_at="operations")


def _answered(committed: bool, results: list[batches.Result]) -> BatchResult:
    return BatchResult(committed=committed, results=[OperationResult.of(r) for r in results])
