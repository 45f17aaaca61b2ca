"""Looking on behalf of many: what is found is told to all, and all of it again when one more comes.

Only what is told first stands for itself; from then on whoever came is told what the others are.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from .backends.bus import Bell


class Lookout:
    """Between the one who looks and those who are told.

    Who comes asks, and is told everything by the next look. `subject` is what is being told of just
    now, and None outside a look; `again` marks what is told only to those whom this look answers.
    """

    def __init__(self, turns: asyncio.Semaphore | None = None) -> None:
        self.asked = 0
        """How often somebody asked. A question's number is how many there were with it."""
        self.answering = 0
        """The last question that the latest look is for."""
        self.answered = 0
        """The last one that everything was told to."""
        self.subject: str | None = None
        self.again = False
        self._bell: Bell | None = None
        self._turns = turns or asyncio.Semaphore()

    def ask(self) -> int:
        """Have everything told by a look that begins from now on; the question's number."""
        self.asked += 1
        if self._bell is not None:
            self._bell.ring()
        return self.asked

    @contextmanager
    def looking(self, bell: Bell) -> Iterator[bool]:
        """Around one look and all that is told of it: whether to tell everything. Who asks later
        rings the bell that is waited for."""
        self._bell, self.answering = bell, self.asked
        yield self.answering > self.answered
        self.answered = self.answering

    @asynccontextmanager
    async def telling(self, subject: str, again: bool = False) -> AsyncIterator[None]:
        """When it is this one's turn among the lookouts of a process: what all of them have to tell
        in the same moment must not hold up everybody else."""
        async with self._turns:
            self.subject, self.again = subject, again
            try:
                yield
            finally:
                self.subject, self.again = None, False
