from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry.scalars import JSON

import models

from .bigint import BigInt
from .connection import Connection
from .loading import Info
from .node import Node
from .size import expected
from .view import Torn, View, up

if TYPE_CHECKING:
    from .project import Project


@strawberry.type(description="A piece of a script, such as an action or a line of dialogue.")
class SnapshotElement:
    data: JSON = strawberry.field(description="All of it, as it was given.")

    @strawberry.field(description="What it is, such as `action` or `dialogue`.")
    def type(self) -> str | None:
        return _text(self.data, "type")

    @strawberry.field(description="Its words.")
    def text(self) -> str | None:
        return _text(self.data, "text")


@strawberry.type(description="A scene of a snapshot.")
class SnapshotScene:
    data: JSON = strawberry.field(description="All of it, as it was given.")

    @strawberry.field(description="Its heading.")
    def heading(self) -> str | None:
        return _text(self.data, "heading")

    @strawberry.field(metadata=expected(50), description="What it consists of, in order.")
    def elements(self) -> list[SnapshotElement]:
        return _elements(self.data)


@strawberry.type(description="What was counted of a snapshot when it was stored.")
class SnapshotStats:
    scene_count: int = strawberry.field(description="Scenes.")
    element_count: int = strawberry.field(description="Elements, in scenes and outside of them.")
    word_count: int = strawberry.field(description="Words in headings and in elements' texts.")
    estimated_tokens: int = strawberry.field(
        description="Of a language model, for the same text: a quarter of its bytes in UTF-8."
    )
    stored_bytes: int = strawberry.field(description="Bytes that its document takes, compressed.")


@strawberry.type(description="One version of a project's whole document. It never changes.")
class Snapshot(View[models.Snapshot], Node):
    checksum: str = strawberry.field(
        description="SHA-256 of `elements` and `scenes` as JSON without spaces and sorted by keys."
    )
    metadata: JSON = strawberry.field(
        description="Free data of who stored it; it alone may be changed."
    )
    created_at: datetime = strawberry.field(description="When it was stored.")
    updated_at: datetime = strawberry.field(description="When its metadata last changed.")
    project: Annotated["Project", strawberry.lazy(".project")] = up(
        models.Project, by="project_id", description="The project it belongs to."
    )

    @strawberry.field(description="Its number: larger than that of every earlier one.")
    def version(self) -> BigInt:
        return BigInt(self.row.number)

    @strawberry.field(description="The version that it was made from, if that was told.")
    def base_version(self) -> BigInt | None:
        return BigInt(self.row.base) if self.row.base is not None else None

    @strawberry.field(metadata=expected(100), description="Its scenes, in order; at most 2,000.")
    async def scenes(self, info: Info) -> list[SnapshotScene]:
        return [SnapshotScene(data=scene) for scene in (await self._document(info))["scenes"]]

    @strawberry.field(metadata=expected(50), description="What stands outside of every scene.")
    async def elements(self, info: Info) -> list[SnapshotElement]:
        return _elements(await self._document(info))

    @strawberry.field(description="What was counted of it.")
    def stats(self) -> SnapshotStats:
        return SnapshotStats(
            scene_count=self.row.scene_count,
            element_count=self.row.element_count,
            word_count=self.row.word_count,
            estimated_tokens=self.row.estimated_tokens,
            stored_bytes=self.row.stored_bytes,
        )

    async def _document(self, info: Info) -> Any:
        key = (self.row.id, self.row.checksum)
        document = await info.context.load(models.snapshot_documents, key)
        if document is None:
            raise Torn
        return document


@strawberry.type(description="A page of snapshots, newest first.")
class SnapshotConnection(Connection[Snapshot]):
    pass


def _text(data: Any, name: str) -> str | None:
    text: str | None = data.get(name)
    return text


def _elements(data: Any) -> list[SnapshotElement]:
    return [SnapshotElement(data=element) for element in data.get("elements") or ()]
