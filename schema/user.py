import strawberry

import models

from .node import Node
from .view import View


@strawberry.type(description="Somebody who acts.")
class User(View[models.User], Node):
    name: str = strawberry.field(description="As others see it.")
