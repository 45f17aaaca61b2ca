import strawberry


@strawberry.interface(description="Anything with an id of its own.")
class Node:
    id: strawberry.ID = strawberry.field(
        description="A TypeID: its prefix tells the kind, newer ids sort after older ones."
    )
