"""The services for who has no GraphQL client: JSON over plain HTTP, described by OpenAPI."""

from .exchange import refused
from .routes import rest_app

__all__ = ["refused", "rest_app"]
