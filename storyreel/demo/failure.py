"""Why the show cannot go on."""


class DemoFailed(Exception):
    """Its text is a sentence for the person who watches."""
