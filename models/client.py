"""Whose projects they are: a client is a workspace, a user is a person or a program in it."""

from __future__ import annotations

from tortoise import fields

from .base import Row


class Client(Row):
    """A workspace that owns projects."""

    PREFIX = "cli"

    slug = fields.CharField(max_length=100, unique=True)
    name = fields.CharField(max_length=200)

    class Meta:
        table = "client"


class User(Row):
    """Somebody who acts. `subject` is who they are to the identity provider: its address, a space,
    and its name for them. People made here have none.
    """

    PREFIX = "usr"

    name = fields.CharField(max_length=200)
    subject = fields.CharField(max_length=512, unique=True, null=True)

    class Meta:
        table = "user_account"
