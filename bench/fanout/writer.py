"""Commits events to the log of a project, each in a transaction of its own or all in one; at a rate
in a second, or as fast as it can.

After each commit it knocks and waits until the server has turned to it, as publishers within the
other servers wait. What is measured is delivery, so the commits are as cheap as they can be.
"""

from __future__ import annotations

import socket
import sqlite3
import sys
import time

from .event import AT

INSERT = """
INSERT INTO event (
  feed_id, sequence, at, kind, subject_id, version, changed, actor_id, idempotency_key
) VALUES (?, ?, ?, 'UPDATED', ?, ?, '["title"]', 'usr_bench', ?)
"""


def main(database: str, project_id: str, door_port: int) -> None:
    connection = sqlite3.connect(database, isolation_level=None, timeout=20)
    connection.execute("PRAGMA synchronous = OFF")
    door = socket.create_connection(("127.0.0.1", door_port))
    [[head]] = connection.execute("SELECT head FROM feed WHERE id = ?", [project_id])
    for line in sys.stdin:
        how, count, rate = line.split()
        pages = [int(count)] if how == "burst" else [1] * int(count)
        began = time.monotonic()
        for number, page in enumerate(pages):
            if float(rate):
                time.sleep(max(0.0, began + number / float(rate) - time.monotonic()))
            connection.execute("BEGIN IMMEDIATE")
            for head in range(head + 1, head + 1 + page):  # noqa: B020  # counts on
                key = str(time.monotonic_ns())
                subject = f"shot_{head % 500:026}"
                connection.execute(INSERT, [project_id, head, AT, subject, head, key])
            connection.execute("UPDATE feed SET head = ? WHERE id = ?", [head, project_id])
            connection.execute("COMMIT")
            door.send(b".")
            door.recv(1)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
