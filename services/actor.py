"""Who asks, and in which role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum


class Role(IntEnum):
    """What one may do with a client's projects; each role includes the ones before."""

    VIEWER = 1
    EDITOR = 2
    OWNER = 3


@dataclass(frozen=True)
class Actor:
    """Who asks, and their role at each client by its id; no role of theirs is above `ceiling`.

    `bearer` is what their rights hang on and can be looked up again: the id of an API token, or of
    the user whom an identity provider vouched for until `expires`. Without authentication, nothing.
    """

    id: str
    name: str
    roles: Mapping[str, Role]
    everywhere: Role | None = None
    bearer: str = ""
    expires: datetime | None = None
    ceiling: Role = Role.OWNER
    only_at: str | None = None

    def role_at(self, client_id: str) -> Role | None:
        return self.roles.get(client_id, self.everywhere)

    def has_less_than(self, before: Actor) -> bool:
        """Whether some role of an earlier look is gone or lower by now."""
        return any((self.role_at(at) or 0) < role for at, role in before.roles.items())

    def nameless(self) -> Actor:
        """Somebody who may do the same and is nobody in particular."""
        return replace(self, id="", name="", bearer="", expires=None)


SYSTEM = Actor("system", "Storyreel", {}, Role.OWNER)
NOBODY = Actor("", "Nobody", {})
"""Who has not shown a credential yet."""
