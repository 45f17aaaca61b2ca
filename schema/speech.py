import strawberry


@strawberry.type(description="What a character says at a stretch.")
class Speech:
    character: str = strawberry.field(description="Who speaks, without what is in brackets.")
    extensions: list[str] = strawberry.field(description="How, such as `V.O.` or `O.S.`.")
    continued: bool = strawberry.field(description="It goes on from an earlier one.")
    parentheticals: list[str] = strawberry.field(description="Directions within it.")
    lines: list[str] = strawberry.field(description="What is said.")
    dual: bool = strawberry.field(description="It is said while another one is.")
