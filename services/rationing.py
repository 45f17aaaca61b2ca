"""How often somebody may do a thing: by who they are, and by where they call from."""

from __future__ import annotations

from collections.abc import Mapping

from .actor import Actor
from .backends.rates import Limit
from .errors import RateLimited
from .world import World

TOO_MUCH: Mapping[Limit, str] = {
    "mutations": "Too many changes",
    "generation": "Too many images, clips or films",
    "sockets": "Too many sockets",
}
PEOPLE_AT_AN_ADDRESS = 10
"""How many share one address, as an office does: together they may do so many times as much."""


async def ration(world: World, actor: Actor, address: str, limit: Limit, amount: int = 1) -> None:
    """Refuses what comes too often, before anything else is done. An empty address is nobody's.

    The actor is asked first: one who is refused takes nothing from the others at the address.
    """
    seconds = await world.rates.take(limit, f"actor:{actor.id}", amount)
    if not seconds and address:
        place, people = f"address:{address}", PEOPLE_AT_AN_ADDRESS
        seconds = await world.rates.take(limit, place, amount, people)
    if seconds:
        raise RateLimited(f"{TOO_MUCH[limit]} in a short time.", seconds)
