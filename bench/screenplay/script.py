"""A script of 120 pages, made of the words of the project's own short one."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from services.formats.breakdown import breakdown
from services.formats.screenplay import Kind
from services.formats.screenplay_files import read_screenplay
from tests.formats.screenplays import LANTERNS_FOUNTAIN

SCENES = 190
LINES_OF_A_PAGE = 55
ACTION_WIDTH, DIALOGUE_WIDTH = 60, 35
"""Characters of a line, as scripts are set."""


@dataclass(frozen=True)
class Script:
    text: str
    pages: float
    speeches: int


def a_script(seed: int = 18) -> Script:
    """The same one every time. About two pages of three are dialogue."""
    return _Writing(Random(seed)).script()


class _Writing:
    def __init__(self, dice: Random) -> None:
        told = breakdown(read_screenplay(LANTERNS_FOUNTAIN))
        self._dice = dice
        self._cast = [role.name for role in told.cast]
        self._headings = [scene.heading for scene in told.scenes if not scene.omitted]
        texts = (text for scene in told.scenes for text in scene.texts(Kind.ACTION, Kind.DIALOGUE))
        self._words = [word.strip(".,?!").lower() for text in texts for word in text.split()]
        self._parts = ["Title: The Long Night of Skarv"]
        self._lines = self._speeches = 0

    def script(self) -> Script:
        for number in range(1, SCENES + 1):
            self._put(f"{self._dice.choice(self._headings)} #{number}#", 1)
            self._beat()
            for _ in range(self._dice.randint(1, 3)):
                for _ in range(self._dice.randint(1, 5)):
                    self._speech()
                self._beat()
        pages = self._lines / LINES_OF_A_PAGE
        return Script("\n\n".join([*self._parts, ""]), pages, self._speeches)

    def _beat(self) -> None:
        words = self._sentence(8, 24)
        self._put(words, -(-len(words) // ACTION_WIDTH))

    def _speech(self) -> None:
        words = self._sentence(4, 17)
        self._put(f"{self._dice.choice(self._cast)}\n{words}", 1 + -(-len(words) // DIALOGUE_WIDTH))
        self._speeches += 1

    def _sentence(self, least: int, most: int) -> str:
        words = self._dice.choices(self._words, k=self._dice.randint(least, most))
        return f"{' '.join(words).capitalize()}."

    def _put(self, text: str, lines: int) -> None:
        self._parts.append(text)
        self._lines += lines + 1
