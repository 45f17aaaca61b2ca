"""Series of migrations to try out, and rows that they must keep."""

from __future__ import annotations

LIBRARY = "tests.models.migrated.library"
HALTING = "tests.models.migrated.halting"

BOOKS = (
    "INSERT INTO shelf (id, code, height) VALUES ('s', 'S', 3)",
    "INSERT INTO book (id, shelf_id, place, title, lent) VALUES ('b2', 's', 2, 'Two', '1')",
    "INSERT INTO book (id, shelf_id, sequel_id, place, title, lent)"
    " VALUES ('b1', 's', 'b2', 1, 'One', '0')",
    *(
        f"INSERT INTO page (book_id, number) VALUES ('{book}', {number})"
        for book in ("b1", "b2")
        for number in (1, 2, 3)
    ),
)
KEPT = {"shelf": 1, "book": 2, "page": 6}
