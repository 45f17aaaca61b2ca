"""What is answered differently to different people who see the same rows.

A field is marked beside its resolver; an operation that selects none of the marked is executed once
for all who may see the same.
"""

from typing import Any

PERSONAL = "personal"


def personal() -> dict[str, Any]:
    """Metadata of a field whose value is for the one who asks and for nobody else."""
    return {PERSONAL: True}
