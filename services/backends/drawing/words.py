"""Reads a prompt the way a storyboard artist does: for who, where, when, and from which camera.

Tables of plain words, no grammar. A phrase that is not in a table is ignored, so every prompt
can be drawn.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

Meaning = TypeVar("Meaning")


class Framing(Enum):
    AERIAL = "AERIAL"
    EXTREME_WIDE = "EXTREME WIDE"
    WIDE = "WIDE"
    FULL = "FULL"
    TWO_SHOT = "TWO SHOT"
    OVER_THE_SHOULDER = "OVER THE SHOULDER"
    POV = "POV"
    MEDIUM = "MEDIUM"
    MEDIUM_CLOSE = "MEDIUM CLOSE"
    CLOSE_UP = "CLOSE-UP"
    EXTREME_CLOSE_UP = "EXTREME CLOSE-UP"
    INSERT = "INSERT"


class Angle(Enum):
    EYE_LEVEL = "EYE LEVEL"
    LOW = "LOW ANGLE"
    HIGH = "HIGH ANGLE"
    DUTCH = "DUTCH TILT"
    BIRDS_EYE = "BIRD'S EYE"


class Place(Enum):
    ROOFTOP = "rooftop"
    STATION = "station"
    CORRIDOR = "corridor"
    STREET = "street"
    ROOM = "room"
    SEA = "sea"
    FOREST = "forest"
    MOUNTAINS = "mountains"
    DESERT = "desert"
    CITY = "city"
    FIELD = "field"


class Hour(Enum):
    NIGHT = "night"
    DAWN = "dawn"
    SUNSET = "sunset"
    OVERCAST = "overcast"
    DAY = "day"


class Weather(Enum):
    RAIN = "rain"
    SNOW = "snow"
    FOG = "fog"


class Move(Enum):
    STATIC = "static"
    PUSH = "push in"
    PULL = "pull out"
    LEFT = "pan left"
    RIGHT = "pan right"
    UP = "tilt up"
    DOWN = "tilt down"


FRAMINGS = {
    Framing.EXTREME_CLOSE_UP: "ecu xcu bcu extreme_close big_close macro tight_on_the_eyes",
    Framing.MEDIUM_CLOSE: "mcu medium_close head_and_shoulders bust",
    Framing.CLOSE_UP: "cu close_up closeup close_shot close_on close",
    Framing.EXTREME_WIDE: "ews els xls xws vls extreme_wide extreme_long very_wide very_long"
    " establishing",
    Framing.OVER_THE_SHOULDER: "ots over_the_shoulder over_shoulder over_her_shoulder"
    " over_his_shoulder",
    Framing.TWO_SHOT: "2s two_shot 2_shot twoshot",
    Framing.INSERT: "insert cutaway detail",
    Framing.POV: "pov point_of_view first_person subjective",
    Framing.AERIAL: "aerial drone helicopter_shot",
    Framing.FULL: "fs full_shot full_body full_figure head_to_toe full american_shot"
    " medium_wide medium_long mws mls",
    Framing.MEDIUM: "ms medium mid_shot waist",
    Framing.WIDE: "ws ls wide long_shot long master",
}
ANGLES = {
    Angle.BIRDS_EYE: "bird_s_eye birds_eye bird_eye top_down overhead top_shot god_s_eye",
    Angle.DUTCH: "dutch canted oblique tilted_frame tilted_angle",
    Angle.LOW: "low_angle low worm_s_eye worms_eye from_below looking_up",
    Angle.HIGH: "high_angle high from_above looking_down",
}
MOVES = {
    Move.STATIC: "static locked still lock_off no_movement none fixed tripod",
    Move.PULL: "pull_out pull_back pulls_back pull dolly_out dolly_back zoom_out track_out"
    " track_back wider widen",
    Move.LEFT: "left",
    Move.RIGHT: "right pan truck arc orbit whip",
    Move.UP: "tilt_up up crane boom jib pedestal rise ascend",
    Move.DOWN: "tilt_down down tilt descend lower",
    Move.PUSH: "push dolly zoom track in toward towards handheld steadicam follow closer",
}
PLACES = {
    Place.ROOFTOP: "rooftop roof",
    Place.STATION: "station platform subway metro railway train",
    Place.CORRIDOR: "corridor hallway hall passage tunnel aisle basement",
    Place.STREET: "street alley road avenue pavement sidewalk crossing market square",
    Place.ROOM: "room kitchen bedroom office bar cafe diner restaurant apartment interior int"
    " studio library classroom hospital desk table bed sofa window door",
    Place.SEA: "sea harbour harbor ocean beach pier dock boat ship coast shore lake river bay"
    " port lighthouse wave water island",
    Place.FOREST: "forest wood tree jungle bamboo grove pine orchard",
    Place.MOUNTAINS: "mountain peak cliff valley hill canyon ridge summit volcano glacier",
    Place.DESERT: "desert dune sand wasteland mesa",
    Place.CITY: "city skyline tower skyscraper neon downtown urban metropolis tokyo york"
    " building bridge",
    Place.FIELD: "field meadow grass farm park garden village plain house church temple",
}
HOURS = {
    Hour.NIGHT: "night midnight moon moonlight moonlit dark neon nocturnal candle",
    Hour.DAWN: "dawn sunrise daybreak first_light morning",
    Hour.SUNSET: "sunset dusk golden_hour magic_hour twilight evening",
    Hour.OVERCAST: "overcast grey gray cloud cloudy gloomy storm stormy winter",
    Hour.DAY: "day noon sunny sunlight daylight bright midday afternoon",
}
WEATHERS = {
    Weather.RAIN: "rain rainy raining downpour drizzle storm wet",
    Weather.SNOW: "snow snowy snowing blizzard snowfall",
    Weather.FOG: "fog foggy mist misty haze smoke steam",
}
PEOPLE = (
    "woman girl man boy child kid person people figure samurai soldier detective hero heroine"
    " driver passenger mother father sister brother friend lover stranger guard officer cop"
    " priest king queen knight warrior monk nurse doctor thief agent cowboy runner fisherman"
    " traveller traveler silhouette he she they him her lady gentleman teacher student actor"
    " dancer singer robot android witch wizard astronaut couple crowd family men women children"
    " commuter face eye hand sailor pilot courier"
)
ACTS = (
    "walk walking stand standing run running look looking sit sitting wait waiting hold holding"
    " stare turn watch watching enter cross reach smile laugh whisper shout fight kneel wander"
    " hide listen write speak talk scream gaze cries"
)
COUNTS = (
    (2, "two couple pair both lovers twins duel each_other face_to_face mother_and father_and"),
    (3, "three trio"),
    (12, "crowd mob audience army commuters passengers"),
    (4, "four group people soldiers men women children friends gang family"),
)
"""In this order: "two men" are two."""
COLOURS: Mapping[str, tuple[int, int, int]] = {
    "red": (196, 48, 40),
    "orange": (222, 118, 40),
    "yellow": (232, 190, 60),
    "gold": (214, 164, 60),
    "green": (74, 132, 84),
    "teal": (40, 140, 144),
    "blue": (54, 104, 176),
    "purple": (118, 78, 150),
    "pink": (222, 120, 156),
    "white": (248, 246, 240),
}
LOOKS = {
    "child": "child boy girl kid student children",
    "woman": "woman she her lady mother sister queen heroine girl witch nurse actress women",
    "samurai": "samurai ronin warrior katana monk",
    "hat": "detective cowboy hat fedora fisherman",
    "sword": "sword katana samurai blade",
    "umbrella": "umbrella parasol",
    "lantern": "lantern lamp torch flashlight candle",
    "seated": "sit sits sitting seated",
    "back": "from_behind walks_away walking_away overlooking back_to_camera",
    "walking": "walk walks walking run runs running crosses crossing wanders runner",
    "car": "car taxi cab truck van",
    "neon": "neon sign",
    "worn": "coat dress jacket shirt kimono robe scarf cloak suit uniform",
    "table": "table bar desk cafe diner restaurant dinner breakfast",
    "house": "house church temple farm village barn cottage",
    "smile": "smile smiling laugh laughs laughing happy grin",
    "tears": "tear cry cries crying weeps sad grief",
    "angry": "angry anger furious rage glares",
    "shout": "shout scream yell shouting screaming",
    "afraid": "afraid fear scared terrified shocked surprised",
    "closer": "closer tighter move_in punch_in tight",
    "letter": "letter note paper photo photograph map envelope newspaper",
    "phone": "phone smartphone screen",
    "key": "key",
    "cup": "cup glass coffee tea mug",
    "clock": "clock watch pocketwatch",
    "brighter": "brighter bright more_light",
    "darker": "darker dim shadow moody noir contrast",
    "warmer": "warm warmer golden amber",
    "cooler": "cool cooler cold colder blue",
}


SPOKEN_FRAMINGS = {
    Framing.EXTREME_CLOSE_UP: "ecu extreme_close macro",
    Framing.MEDIUM_CLOSE: "mcu medium_close",
    Framing.CLOSE_UP: "close_up closeup close_on",
    Framing.EXTREME_WIDE: "extreme_wide establishing",
    Framing.OVER_THE_SHOULDER: "over_the_shoulder over_her_shoulder over_his_shoulder",
    Framing.TWO_SHOT: "two_shot",
    Framing.INSERT: "insert",
    Framing.POV: "pov point_of_view",
    Framing.AERIAL: "aerial drone",
    Framing.FULL: "full_shot full_body",
    Framing.MEDIUM: "medium_shot mid_shot",
    Framing.WIDE: "wide_shot long_shot",
}
"""In running text "full", "long" or "close" usually mean something else."""
SPOKEN_ANGLES = {
    Angle.BIRDS_EYE: "bird_s_eye birds_eye top_down overhead_shot",
    Angle.DUTCH: "dutch canted",
    Angle.LOW: "low_angle from_below",
    Angle.HIGH: "high_angle from_above",
}
CLOSE = frozenset(
    {Framing.MEDIUM, Framing.MEDIUM_CLOSE, Framing.CLOSE_UP, Framing.EXTREME_CLOSE_UP, Framing.FULL}
)


NO_NAMES = "the an some all no this these those each every its his their our my ext scene shot"
NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+|\b[A-Z]{3,}\b|^[A-Z][a-z]+(?= [a-z]+s\b)")
"""Kira in "then Kira", KIRA anywhere, and Kira in "Kira looks"."""


class Vocabulary:
    """One text made searchable: lower case, words apart, plain plurals also as singulars."""

    def __init__(self, text: str | None) -> None:
        words = re.findall(r"[a-z0-9]+", (text or "").lower())
        self._text = f" {' '.join(words)} "
        self._words = frozenset(words) | {word[:-1] for word in words if word.endswith("s")}

    def says(self, entry: str) -> bool:
        """Whether anything of a table entry occurs. "cat big_dog" holds "cat" and "big dog"."""
        return any(
            f" {term.replace('_', ' ')} " in self._text if "_" in term else term in self._words
            for term in entry.split()
        )

    def pick(self, table: Mapping[Meaning, str]) -> Meaning | None:
        """The first meaning, in table order, whose entry occurs."""
        return next((meaning for meaning, entry in table.items() if self.says(entry)), None)


@dataclass(frozen=True, slots=True)
class Brief:
    """What one order asks for, in the artist's terms. `hour` and `place` are None if unsaid."""

    framing: Framing
    angle: Angle
    move: Move | None
    place: Place | None
    hour: Hour | None
    weather: Weather | None
    people: int
    colour: tuple[int, int, int] | None
    looks: frozenset[str]


def read_brief(
    prompt: str,
    framing: str | None = None,
    angle: str | None = None,
    movement: str | None = None,
    parent: Framing | None = None,
) -> Brief:
    """A field that is given outranks the prompt; a framing that neither says is the parent's."""
    said = Vocabulary(prompt)
    shot = Vocabulary(framing).pick(FRAMINGS) or said.pick(SPOKEN_FRAMINGS) or parent
    looks = frozenset(look for look, entry in LOOKS.items() if said.says(entry))
    people = _count_people(said, prompt, shot)
    return Brief(
        framing=shot or (Framing.WIDE if people != 2 else Framing.FULL),
        angle=Vocabulary(angle).pick(ANGLES)
        or Vocabulary(framing).pick(ANGLES)
        or said.pick(SPOKEN_ANGLES)
        or Angle.EYE_LEVEL,
        move=read_move(movement),
        place=said.pick(PLACES),
        hour=said.pick(HOURS),
        weather=said.pick(WEATHERS),
        people=people,
        colour=next((rgb for name, rgb in COLOURS.items() if said.says(name)), None),
        looks=looks,
    )


def read_move(movement: str | None) -> Move | None:
    """None when no movement is given or none is understood."""
    return Vocabulary(movement).pick(MOVES)


def _is_name(word: str) -> bool:
    """Capitals also begin cities and scene headings, which the other tables know."""
    known = Vocabulary(word)
    thing = known.pick(PLACES) or known.pick(HOURS) or known.pick(WEATHERS) or known.pick(LOOKS)
    return thing is None and not known.says(NO_NAMES)


def _count_people(said: Vocabulary, prompt: str, framing: Framing | None) -> int:
    if framing is Framing.INSERT:
        return 0
    for count, entry in COUNTS:
        if said.says(entry):
            return count
    if framing in (Framing.TWO_SHOT, Framing.OVER_THE_SHOULDER):
        return 2
    named = any(_is_name(word) for word in re.findall(NAME, prompt))
    if said.says(PEOPLE) or said.says(ACTS) or named or framing in CLOSE:
        return 1
    return 0
