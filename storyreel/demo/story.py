"""The film that the demo makes: "Tokyo Dreams", nine shots between midnight and sunrise.

Seeds and takes are chosen by eye: the embedded renderer draws the same pictures from them again.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Refinement:
    """What to ask of the chosen variant, and which variant of the answer to choose."""

    prompt: str
    take: int


@dataclass(frozen=True)
class Shot:
    """`seconds` on screen; `take` is the number of the variant to choose, from 1."""

    description: str
    prompt: str
    framing: str
    movement: str
    seconds: float
    seed: int
    take: int
    angle: str = "eye level"
    refinement: Refinement | None = None


@dataclass(frozen=True)
class Scene:
    heading: str
    description: str
    shots: tuple[Shot, ...]


TITLE = "Tokyo Dreams"
FRAME_RATE = "24"
LOGLINE = (
    "A courier who delivers lost things finds a letter addressed to her own red umbrella, "
    "and has until sunrise to bring it back."
)

ROOFTOP = Scene(
    "EXT. ROOFTOP, SHINJUKU - NIGHT",
    "The end of a shift. One delivery is left, and it has her name on it.",
    (
        Shot(
            "The city, and one red dot in it.",
            "Neon Tokyo in the rain, tower behind tower. On a rooftop stands a woman with a red"
            " umbrella.",
            framing="EXTREME WIDE",
            movement="pan right",
            seconds=2.5,
            seed=100,
            take=5,
        ),
        Shot(
            "Mio opens the last envelope of the night.",
            "Mio holds a letter, she stands on the rooftop under a red umbrella. Rain at night,"
            " neon behind her.",
            framing="MEDIUM",
            angle="low angle",
            movement="push in",
            seconds=2,
            seed=200,
            take=2,
            refinement=Refinement("Darker. Only the red of a neon sign finds her face.", take=2),
        ),
        Shot(
            "The rain takes every line but one.",
            "A letter on the wet rooftop, one line still dry: bring it back before"
            " the night is over.",
            framing="INSERT",
            movement="push in",
            seconds=1.5,
            seed=300,
            take=2,
        ),
    ),
)
PLATFORM = Scene(
    "INT. LAST PLATFORM - MIDNIGHT",
    "The train that is not on the timetable. Somebody has kept her a seat for twenty years.",
    (
        Shot(
            "The clock has stopped; the train has not.",
            "An underground platform at midnight. The last train waits with lit windows;"
            " a woman with a red umbrella waits too.",
            framing="WIDE",
            movement="pan left",
            seconds=2.5,
            seed=400,
            take=1,
        ),
        Shot(
            "Past the guard, the lantern of her childhood.",
            "Over the guard's shoulder: a woman lifts a lantern on the platform. Night.",
            framing="OVER THE SHOULDER",
            movement="push in",
            seconds=2,
            seed=500,
            take=2,
        ),
        Shot(
            "She knows that light.",
            "She smiles, in tears, on the station platform at night.",
            framing="CLOSE-UP",
            angle="dutch tilt",
            movement="static",
            seconds=2,
            seed=600,
            take=4,
            refinement=Refinement("A little closer: the lantern lights her tears.", take=2),
        ),
    ),
)
HARBOUR = Scene(
    "EXT. HARBOUR - DAWN",
    "The end of the line is water. What was lost is handed over, and the night with it.",
    (
        Shot(
            "Fog. The pier goes on as long as she does.",
            "Dawn on the sea, fog on the water. A woman walks along the pier with a red umbrella.",
            framing="WIDE",
            movement="pull out",
            seconds=2,
            seed=700,
            take=2,
        ),
        Shot(
            "Neither of them says it.",
            "Two women at the end of the pier at dawn, one with a red umbrella, the sea behind.",
            framing="TWO SHOT",
            movement="static",
            seconds=2,
            seed=800,
            take=1,
            refinement=Refinement("The first sun: warmer, brighter.", take=2),
        ),
        Shot(
            "Sunrise. One red dot, and nobody waiting.",
            "Sunrise over the bay. Far out on the pier, two women under one red umbrella.",
            framing="EXTREME WIDE",
            movement="pull out",
            seconds=2.5,
            seed=900,
            take=5,
        ),
    ),
)
SCENES = (ROOFTOP, PLATFORM, HARBOUR)
