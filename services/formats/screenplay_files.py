"""Screenplays as files: which format it is, read and written."""

from __future__ import annotations

from services.formats.fdx.reading import read_fdx
from services.formats.fdx.spans import DECLARED, ENCODINGS
from services.formats.fdx.writing import write_fdx
from services.formats.fountain.reading import read_fountain
from services.formats.fountain.writing import write_fountain
from services.formats.screenplay import Format, Screenplay, Written, marked_encoding

SNIFFED = 2_000


def format_of(data: bytes) -> Format:
    """FDX is XML; anything else is Fountain, for every text is."""
    mark, encoding = marked_encoding(data)
    start = data[len(mark) : SNIFFED].decode(encoding, "ignore").lstrip()
    return Format.FDX if start.startswith(("<?xml", "<FinalDraft", "<!--")) else Format.FOUNTAIN


def read_screenplay(data: bytes, format: Format | None = None) -> Screenplay:
    """By its content unless a format is given. Raises NotAScreenplay."""
    known = format or format_of(data)
    return read_fdx(data) if known is Format.FDX else read_fountain(data)


def write_screenplay(screenplay: Screenplay, format: Format) -> Written:
    """In the format that it was read from: byte for byte but for what was edited."""
    return write_fdx(screenplay) if format is Format.FDX else write_fountain(screenplay)


def encoded(text: str) -> bytes:
    """A file that came as text: in the encoding that it declares, else in UTF-8.

    Half of a character is no text.
    """
    declared = DECLARED.match(text[:SNIFFED].encode(errors="replace"))
    encoding = ENCODINGS.get(declared[1].decode().lower(), "utf-8") if declared else "utf-8"
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return text.encode()
