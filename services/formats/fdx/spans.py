"""XML as elements that know where they stand in the text, by expat. No DTD, no entities."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape

from services.formats.screenplay import BYTES_MAX, Document, Format, NotAScreenplay, marked_encoding

DEPTH_MAX = 64
ELEMENTS_MAX = 150_000
ENCODINGS = {
    "utf-8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "iso-8859-1",
    "latin-1": "iso-8859-1",
    "windows-1252": "windows-1252",
}
DECLARED = re.compile(rb"""\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})["']""")
START_TAG = re.compile(r"""<[^>"']*(?:"[^"]*"[^>"']*|'[^']*'[^>"']*)*>""")
NEWLINE = re.compile(r"\r\n|\n|\r")

UNHOLDABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML has no way to write."""


class NotFdx(NotAScreenplay):
    """The bytes are no Final Draft document."""


@dataclass(slots=True)
class Element:
    """`opened` is where its start tag ends, `closing` where its end tag begins, in characters.

    `text` is what stands directly in it. A comment or an instruction is an element without a name.
    """

    name: str
    attributes: dict[str, str]
    start: int
    opened: int
    line: int
    closing: int = 0
    end: int = 0
    text: str = ""
    pieces: list[str] = field(default_factory=list)
    children: list[Element] = field(default_factory=list)

    def first(self, name: str) -> Element | None:
        return next((child for child in self.children if child.name == name), None)


def document_of(data: bytes) -> Document:
    """Decodes by mark, by declaration, or as UTF-8. Raises NotFdx."""
    if len(data) > BYTES_MAX:
        raise NotFdx(f"The file is larger than {BYTES_MAX:,} bytes.")
    mark, encoding = marked_encoding(data)
    declared = None if mark else DECLARED.match(data)
    if declared:
        said = declared[1].decode("ascii").lower()
        if said not in ENCODINGS:
            raise NotFdx(f"The encoding {said} is not read; save the file as UTF-8.", 1)
        encoding = ENCODINGS[said]
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start + len(mark)) + 1
        raise NotFdx(f"The file is not written in {encoding}.", line) from error
    newline = NEWLINE.search(text)
    return Document(Format.FDX, text, encoding, mark, newline[0] if newline else "\n")


def scan(text: str) -> Element:
    """The root element. Raises NotFdx for what is not XML, has a DTD, or passes a limit."""
    return _Scan(text).root


def escaped(text: str) -> str:
    """Text as XML reads it, without what it cannot hold."""
    return escape(UNHOLDABLE.sub("", text), {"\r": "&#13;"})


class _Scan:
    def __init__(self, text: str) -> None:
        try:
            self._data = text.encode()
        except UnicodeEncodeError as error:
            raise NotFdx("A character is half of another one.") from error
        self._text, self._plain = text, text.isascii()
        self._seen_bytes = self._seen = self._count = 0
        self._open: list[Element] = []
        self._roots: list[Element] = []
        self._parser = parser = expat.ParserCreate(encoding="UTF-8")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.CommentHandler = lambda comment: self._aside("<!--", "-->")
        parser.ProcessingInstructionHandler = lambda target, body: self._aside("<?", "?>")
        try:
            parser.Parse(self._data, True)
        except expat.ExpatError as error:
            raise NotFdx(
                f"This is not XML: {expat.ErrorString(error.code)}.", error.lineno
            ) from error
        self.root = self._roots[0]

    def _at(self) -> int:
        """Where the parser is, in characters; it counts bytes and only goes forward."""
        index = self._parser.CurrentByteIndex
        if self._plain:
            return index
        self._seen += len(self._data[self._seen_bytes : index].decode())
        self._seen_bytes = index
        return self._seen

    def _doctype(self, *_: object) -> None:
        raise NotFdx("A document type has no place in a script.", self._parser.CurrentLineNumber)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        line = self._parser.CurrentLineNumber
        self._count += 1
        if self._count > ELEMENTS_MAX:
            raise NotFdx(f"There are more than {ELEMENTS_MAX:,} elements.", line)
        if len(self._open) == DEPTH_MAX:
            raise NotFdx(f"Elements are nested more than {DEPTH_MAX} deep.", line)
        start = self._at()
        tag = START_TAG.match(self._text, start)
        if tag is None:
            raise NotFdx("A tag is not closed.", line)
        element = Element(name, attributes, start, tag.end(), line)
        (self._open[-1].children if self._open else self._roots).append(element)
        self._open.append(element)

    def _end(self, name: str) -> None:
        element = self._open.pop()
        element.text = "".join(element.pieces)
        if self._text[element.opened - 2] == "/":
            element.closing = element.end = element.opened
        else:
            element.closing = self._at()
            element.end = self._text.index(">", element.closing) + 1

    def _characters(self, text: str) -> None:
        self._open[-1].pieces.append(text)

    def _aside(self, opened_by: str, closed_by: str) -> None:
        if not self._open:
            return
        start = self._at()
        end = self._text.index(closed_by, start + len(opened_by)) + len(closed_by)
        self._open[-1].children.append(
            Element("", {}, start, end, self._parser.CurrentLineNumber, end, end)
        )
