"""Pure bytes to dataclasses and back: no database, no network."""
