"""The database's shape, step by step. A released step is never edited.

`models.migrating.write_migration` writes the next one from what the models ask for. Finish it:

- put CHECKs into the `constraints` of CreateModel, or add them with AddConstraint; make partial
  indexes with RunSQL and its `reverse_sql`. Models carry neither;
- give a new column that may not be null a `db_default`, for the rows that are there;
- take back a rename that was guessed wrongly;
- import nothing of the program, which changes while this must not.
"""
