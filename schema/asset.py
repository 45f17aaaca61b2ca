from datetime import datetime

import strawberry

import models

from .loading import Info
from .node import Node
from .personal import personal
from .view import View


@strawberry.type(description="A stored file: a picture, a clip or a film.")
class Asset(View[models.Asset], Node):
    media_type: str = strawberry.field(description="Its media type, such as video/mp4.")
    size: float = strawberry.field(description="Its length in bytes.")
    sha256: str = strawberry.field(description="SHA-256 of its bytes, in hexadecimal.")
    filename: str = strawberry.field(description="A name to save it under.")

    @strawberry.field(
        metadata=personal(), description="A link to the file that works until `expiresAt`."
    )
    def url(self, info: Info) -> str:
        return info.context.asset_url(self.row.id)

    @strawberry.field(metadata=personal(), description="When the link stops working.")
    def expires_at(self, info: Info) -> datetime:
        return info.context.asset_url_expires()
