"""What the person at the terminal sees: live bars on a terminal, a few plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Table


class Screen:
    """Times each act. All text is shown as it is, never as markup."""

    def __init__(self) -> None:
        self.console = Console(highlight=False)
        self._act, self._began = "", 0.0
        self._seconds: dict[str, float] = {}

    @property
    def lively(self) -> bool:
        return self.console.is_terminal and not self.console.is_dumb_terminal

    def act(self, name: str, title: str) -> None:
        """The next part of the show begins, and with it the one before ends."""
        self._end_act()
        self._act, self._began = name, time.monotonic()
        self.console.print(f"\n[bold]{escape(title)}[/]", soft_wrap=True)

    def curtain(self) -> dict[str, float]:
        """The last act ends: the seconds of each."""
        self._end_act()
        return self._seconds

    def _end_act(self) -> None:
        if self._act:
            self._seconds[self._act] = round(time.monotonic() - self._began, 2)

    def say(self, text: str, style: str = "") -> None:
        self.console.print(text, style=style, markup=False, soft_wrap=True)

    def table(self, rows: Iterable[Iterable[str]], *columns: str) -> None:
        table = Table(*columns, box=SIMPLE_HEAD, show_header=bool(columns), pad_edge=False)
        for row in rows:
            table.add_row(*map(escape, row))
        self.console.print(table)

    @contextmanager
    def bars(self, titles: Iterable[str]) -> Iterator[Bars]:
        """A bar for each title."""
        with Progress(
            TextColumn("  {task.description}", style="dim"),
            BarColumn(32),
            TextColumn("{task.fields[note]}"),
            console=self.console,
            disable=not self.lively,
        ) as progress:
            yield Bars(self, progress, titles)


class Bars:
    def __init__(self, screen: Screen, progress: Progress, titles: Iterable[str]) -> None:
        self._screen, self._progress = screen, progress
        self._tasks: dict[str, TaskID] = {
            title: progress.add_task(escape(title), total=1, note="waiting") for title in titles
        }

    def show(self, title: str, share: float, note: str) -> None:
        self._progress.update(self._tasks[title], completed=share, note=note)

    def finish(self, title: str, note: str) -> None:
        """Where nothing moves, this is the only line of the bar."""
        self.show(title, 1, note)
        if not self._screen.lively:
            self._screen.say(f"  {title}  {note}")
