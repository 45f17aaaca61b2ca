"""The verbs: root fields. They authenticate nothing and decide nothing: they call a service."""

from .graph import api

__all__ = ["api"]
