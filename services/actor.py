"""Who asks, and in which role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """What one may do with a client's projects; each role includes the ones before."""

    VIEWER = 1
    EDITOR = 2
    OWNER = 3


@dataclass(frozen=True)
class Actor:
    """Who asks, and their role at each client by its id."""

    id: str
    name: str
    roles: Mapping[str, Role]
    everywhere: Role | None = None

    def role_at(self, client_id: str) -> Role | None:
        return self.roles.get(client_id, self.everywhere)

    def nameless(self) -> Actor:
        """Somebody who may do the same and is nobody in particular."""
        return Actor("", "", self.roles, self.everywhere)


SYSTEM = Actor("system", "Storyreel", {}, Role.OWNER)
