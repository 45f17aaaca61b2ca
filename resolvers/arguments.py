"""Arguments that many root fields share."""

from typing import Annotated

import strawberry

Id = Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
ExpectedVersion = Annotated[
    int | None,
    strawberry.argument(
        description="The version the edit started from: others' edits of other fields are merged."
    ),
]
Place = Annotated[int, strawberry.argument(description="The place it shall have, from 1.")]
Input = strawberry.argument(description="What to do.")
Patch = strawberry.argument(description="What to change: absent leaves alone, null clears.")
