"""The services for who has no GraphQL client: JSON over plain HTTP, described by OpenAPI."""

from .routes import rest_app

__all__ = ["rest_app"]
