"""A shelf of books with pages: every kind of change to tables that have children, one per step."""
