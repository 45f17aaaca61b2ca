"""Screenplays that hypothesis makes up, as values, as Fountain and as FDX."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

from services.formats.screenplay import (
    BOLD,
    ITALIC,
    UNDERLINE,
    Aside,
    Kind,
    Paragraph,
    Run,
    SceneFacts,
    TitleField,
)
from storyreel.demo.story import SCREENPLAY

SCRIPTS = Path(__file__).parent / "scripts"
LANTERNS_FDX = SCREENPLAY.read_bytes()
LANTERNS_FOUNTAIN = (SCRIPTS / "lanterns.fountain").read_bytes()

TRICKY = (
    "INT. HOUSE - DAY",
    "ext/int. car - night #12A#",
    ".FORCED #I-1-A#",
    "..no heading",
    "INGA",
    "INGA (V.O.) ^",
    "@McCoy",
    "(softly)",
    "It is late.",
    "  ",
    " ",
    "\t\tindented",
    "CUT TO:",
    "> FADE TO BLACK.",
    "> centred <",
    ">",
    "!FORCED ACTION",
    "!",
    "~a song",
    "# Act",
    "### Part",
    "= what happens",
    "===",
    "==",
    "[[a note]]",
    "[[begun",
    "ended]]",
    "a [[note]] within",
    "/* cut */",
    "/*",
    "*/",
    "*italic* and **bold** and ***both*** and _under_",
    "**open",
    r"an \*escaped\* mark",
    "Title: Something",
    "FADE IN:",
    "    more",
    "^",
    "@",
    ".",
    "#",
    "é ñ 漢字 🎬",
    "SHOUTING",
    " @ McCoy ",
    "/* x */@McCoy",
    " INGA  ^ ",
    "INGA [[n]]",
    ". spaced  #2# ",
    "  =  spaced ",
    "  > right ",
    "*INGA*",
)
NEWLINES = ("\n", "\n\n", "\n\n\n", "\r\n", "\r\n\r\n", "\r", "\n  \n", "\n \n")


LINES = st.sampled_from(TRICKY) | st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), max_size=8
)


@st.composite
def fountain_texts(draw: st.DrawFn) -> str:
    """Lines that mean something to Fountain, in an order that may mean nothing."""
    lines = draw(st.lists(LINES, max_size=14))
    return "".join(line + draw(st.sampled_from(NEWLINES)) for line in lines)


WORDS = st.sampled_from(
    ["the sea", "Inga", "A LAMP", "burns *low*", "snake_case", "5 < 6 & 7", '"quoted"', "漢字", "…"]
)
TEXTS = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)
STYLES = st.frozensets(st.sampled_from([BOLD, ITALIC, UNDERLINE]))
RUNS = st.lists(st.builds(Run, TEXTS, STYLES), min_size=1, max_size=3)
NUMBERS = st.none() | st.sampled_from(["1", "1A", "I-1-A", "110", "9."])
NOTES = st.lists(st.builds(Aside, TEXTS), max_size=1).map(tuple)


def apart(runs: list[Run]) -> tuple[Run, ...]:
    """Neighbours of one look as one."""
    found: list[Run] = []
    for run in runs:
        if found and found[-1].styles == run.styles:
            found[-1] = Run(found[-1].text + run.text, run.styles)
        else:
            found.append(run)
    return tuple(found)


@st.composite
def speeches(draw: st.DrawFn, dual: bool = False) -> list[Paragraph]:
    name = draw(st.sampled_from(["INGA", "OLD TOVE (V.O.)", "McCoy", "漢字"]))
    said = [Paragraph(Kind.CHARACTER, (Run(name),), dual=dual)]
    if draw(st.booleans()):
        said.append(Paragraph(Kind.PARENTHETICAL, (Run(f"({draw(TEXTS)})"),)))
    said.append(Paragraph(Kind.DIALOGUE, apart(draw(RUNS))))
    return said


@st.composite
def scenes(draw: st.DrawFn, deep: bool = True) -> list[Paragraph]:
    heading = Paragraph(
        Kind.SCENE_HEADING,
        (Run(draw(st.sampled_from(["INT. HOUSE - DAY", "EXT/INT. CAR", "Later", "BACK"]))),),
        number=draw(NUMBERS),
    )
    if deep and draw(st.integers(0, 4)) == 0:
        inside = tuple(draw(scenes(deep=False)))
        return [Paragraph(Kind.SCENE_HEADING, (Run("OMITTED"),), omitted=True, inside=inside)]
    parts = [heading]
    for _ in range(draw(st.integers(0, 3))):
        match draw(st.integers(0, 3)):
            case 0:
                parts.append(Paragraph(Kind.ACTION, apart(draw(RUNS)), centered=False))
            case 1:
                parts += draw(speeches())
            case 2:
                words = draw(st.sampled_from(["CUT TO:", "FADE OUT.", "Slowly to"]))
                parts.append(Paragraph(Kind.TRANSITION, (Run(words),)))
            case _:
                both = (*draw(speeches()), *draw(speeches(dual=True)))
                parts.append(Paragraph(Kind.DUAL_DIALOGUE, inside=both))
    return parts


SCENES = st.lists(scenes(), max_size=4).map(lambda some: tuple(p for one in some for p in one))
FACTS = st.builds(
    SceneFacts, st.none() | st.integers(0, 40), st.sampled_from(["", "3"]), TEXTS, summary=TEXTS
)
TITLES = st.lists(TEXTS, min_size=1, max_size=2).map(
    lambda lines: (TitleField("Title", (lines[0],)), TitleField("Contact", tuple(lines)))
)
SPACE = st.sampled_from(["", "\n", "\r\n    ", " ", "\n\n  "])
ATTRIBUTES = st.sampled_from(
    [
        "",
        " Number='1A'",
        ' Number = "2"  Own="a&gt;b>"',
        " Alignment='Center'",
        ' StartsNewPage="Yes" Bookmark="Start"',
    ]
)
TYPES = st.sampled_from(
    [
        ' Type="Action"',
        " Type='Scene Heading'",
        ' Type="scene heading"',
        ' Type="Dialogue"',
        ' Type="Shot"',
        ' Type="Telegram"',
        "",
    ]
)
TEXT_ELEMENTS = st.sampled_from(
    [
        "<Text>plain &amp; simple</Text>",
        '<Text Style="Bold+Italic" RevisionID="2">two &#233; é\r\nlines</Text>',
        "<Text/>",
        "<Text ></Text >",
        "<Text><![CDATA[<raw>]]> after</Text>",
        "<!-- a > comment --><Text>漢字 🎬</Text>",
        "<Unknown a='1'><Text>not mine</Text></Unknown>",
    ]
)
OTHERS = st.sampled_from(
    [
        "",
        '<SceneProperties Length="1 3/8" Page="2" Title="A"/>',
        "<SceneProperties Title='B'><Summary><Paragraph><Text>s</Text></Paragraph></Summary>"
        "<SceneArcBeats/></SceneProperties>",
        '<ScriptNote Name="n"><Paragraph><Text>note</Text></Paragraph></ScriptNote>',
    ]
)


@st.composite
def fdx_paragraphs(draw: st.DrawFn, depth: int = 1) -> str:
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(["<!-- - -->", "<!-->-->", "<?keep this?>", "<Odd x='y'/>"]))
    attributes = draw(TYPES) + draw(ATTRIBUTES)
    if draw(st.integers(0, 6)) == 0:
        return f"<Paragraph{attributes}/>"
    parts = [draw(OTHERS)]
    if depth and draw(st.integers(0, 3)) == 0:
        name = draw(st.sampled_from(["DualDialogue", "OmittedScene"]))
        inside = draw(st.lists(fdx_paragraphs(depth=0), max_size=3))
        parts.append(f"<{name}>{''.join(draw(SPACE) + p for p in inside)}{draw(SPACE)}</{name}>")
    parts += draw(st.lists(TEXT_ELEMENTS, max_size=3))
    inner = "".join(draw(SPACE) + part for part in parts if part)
    return f"<Paragraph{attributes}>{inner}{draw(SPACE)}</Paragraph>"


@st.composite
def fdx_texts(draw: st.DrawFn) -> str:
    head = draw(st.sampled_from(["", '<?xml version="1.0"?>\r\n', "<!-- before -->\n"]))
    inside = draw(st.lists(fdx_paragraphs(), max_size=6))
    content = "".join(draw(SPACE) + paragraph for paragraph in inside) + draw(SPACE)
    content = f"<Content>{content}</Content>" if content else "<Content/>"
    rest = draw(st.sampled_from(["", "\n<Unknown attribute='kept'><x/></Unknown>\n"]))
    return f'{head}<FinalDraft DocumentType="Script" Version="5">{content}{rest}</FinalDraft>\n'
