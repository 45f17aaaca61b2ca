"""The use cases: each function takes a unit of work and does one thing to the models."""
