import strawberry

import models

from .node import Node
from .view import View


@strawberry.type(description="A workspace that owns projects.")
class Client(View[models.Client], Node):
    slug: str = strawberry.field(description="Its short name in addresses.")
    name: str = strawberry.field(description="Its name.")
