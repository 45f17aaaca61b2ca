"""The film that the demo makes: "The Lanterns of Skarv", ten shots between dusk and dawn.

Words and scenes are those of the screenplay beside this module. Seeds and takes are chosen by eye:
the embedded renderer draws the same pictures from them again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SCREENPLAY = Path(__file__).with_name("lanterns.fdx")
TITLE = "The Lanterns of Skarv"
LOGLINE = (
    "The night a storm puts out the lights of her island, a girl of eleven carries one ember up to"
    " a dead lighthouse to bring two boats home."
)
FRAME_RATE = "24"
SCENES = ("1", "2", "2A", "4", "5", "5A", "6", "7")
"""Their numbers in the script."""
OMITTED = b'<Paragraph Number="3"'
"""Where the one begins that is not to be filmed."""
RETITLED = ("EXT. SKARV HARBOUR - DAWN", "EXT. SKARV HARBOUR - SUNRISE")
"""A heading of the script, and what the board makes of it."""


@dataclass(frozen=True)
class Refinement:
    """What to ask of the chosen variant, and which variant of the answer to choose."""

    prompt: str
    take: int


@dataclass(frozen=True)
class Shot:
    """It shows a beat of the scene that has this number in the script; beats count from 0.

    `seconds` on screen; `take` is the number of the variant to choose, from 1.
    """

    scene: str
    beat: int
    prompt: str
    framing: str
    movement: str
    seconds: float
    seed: int
    take: int
    angle: str = "eye level"
    refinement: Refinement | None = None


SHOTS = (
    Shot(
        "1",
        0,
        "Dusk over the harbour. Far out on the pier a girl in a yellow coat holds up a lantern.",
        framing="EXTREME WIDE",
        movement="pan right",
        seconds=2.5,
        seed=100,
        take=5,
    ),
    Shot(
        "1",
        1,
        "Inga, a girl in a yellow coat, lights a lantern on the pier at dusk.",
        framing="MEDIUM",
        angle="low angle",
        movement="push in",
        seconds=2,
        seed=200,
        take=2,
        refinement=Refinement("Warmer. The lantern finds her face.", take=2),
    ),
    Shot(
        "2",
        2,
        "Over the shoulder of Elias: a girl in a yellow coat, in tears, in a dark room at night.",
        framing="OVER THE SHOULDER",
        movement="push in",
        seconds=2,
        seed=300,
        take=2,
    ),
    Shot(
        "2A",
        2,
        "Night and storm. A girl in a yellow coat above the sea, a lantern in her hand.",
        framing="WIDE",
        movement="tilt up",
        seconds=2,
        seed=400,
        take=1,
    ),
    Shot(
        "4",
        2,
        "Black sea in a storm at night. One small boat alone, waves, rain.",
        framing="EXTREME WIDE",
        movement="pan left",
        seconds=2,
        seed=500,
        take=2,
    ),
    Shot(
        "5",
        3,
        "Night, a room in the lighthouse. A crowd of people with lanterns.",
        framing="WIDE",
        movement="push in",
        seconds=2,
        seed=600,
        take=1,
        refinement=Refinement("Warmer, the light of many lamps.", take=2),
    ),
    Shot(
        "5A",
        1,
        "Night, high above the sea. A girl in a yellow coat walks in the light of a lantern.",
        framing="WIDE",
        angle="low angle",
        movement="push in",
        seconds=2,
        seed=700,
        take=6,
    ),
    Shot(
        "6",
        1,
        "Father and Elias, two men at sea in the dark of night.",
        framing="TWO SHOT",
        movement="static",
        seconds=2,
        seed=800,
        take=1,
    ),
    Shot(
        "7",
        3,
        "A girl in a yellow coat smiles at the sea, sunrise on her face.",
        framing="CLOSE-UP",
        movement="push in",
        seconds=2,
        seed=900,
        take=4,
        refinement=Refinement("The sun is up: warmer, brighter.", take=2),
    ),
    Shot(
        "7",
        4,
        "Dawn over the harbour, fog on the water. A girl in a yellow coat lifts a lantern.",
        framing="EXTREME WIDE",
        movement="pull out",
        seconds=2.5,
        seed=1000,
        take=5,
    ),
)
