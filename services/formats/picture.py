"""Still images: what a file really is, a thumbnail of it, and its blurhash.

A file is what its bytes say, never what its name or its sender says. Width and height are those
of the picture as it is shown, after the camera's orientation mark is obeyed.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import blurhash
from PIL import Image, ImageOps

PIXELS_MAX = 50_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
"""The decoders that are let near foreign bytes."""
THUMBNAIL_QUALITY = 78
BLURHASH_SIDE = 32
BLURHASH_COMPONENTS = (4, 3)


class NotAPicture(ValueError):
    """The bytes are no image of a known format, a damaged one, or one that is too large."""


@dataclass(frozen=True, slots=True)
class Picture:
    width: int
    height: int
    media_type: str
    blurhash: str


@dataclass(frozen=True, slots=True)
class Thumbnail:
    data: bytes
    media_type: str
    width: int
    height: int


def describe(data: bytes) -> Picture:
    """Decodes the whole image, so a truncated one is refused too. Raises NotAPicture."""
    with _opened(data) as image:
        media_type = Image.MIME[image.format or ""]
        width, height = image.size
        image.draft("RGB", (BLURHASH_SIDE * 2, BLURHASH_SIDE * 2))
        small = _upright(image)
        # A draft is smaller than the image; only which side is longer can be taken from it.
        if (small.width > small.height) != (width > height):
            width, height = height, width
        return Picture(width, height, media_type, _blurhash(small))


def thumbnail(data: bytes, size: int = 480) -> Thumbnail:
    """A WebP that fits a square of `size` pixels; an image that is smaller keeps its size."""
    with _opened(data) as image:
        image.draft("RGB", (size, size))
        small = _upright(image)
        small.thumbnail((size, size), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        small.save(out, "WEBP", quality=THUMBNAIL_QUALITY, method=2)
        return Thumbnail(out.getvalue(), "image/webp", *small.size)


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > PIXELS_MAX:
                raise NotAPicture(f"The image has more than {PIXELS_MAX} pixels.")
            yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise NotAPicture(f"The image has more than {PIXELS_MAX} pixels.") from error
    except (OSError, SyntaxError, EOFError) as error:
        raise NotAPicture("The file is not an image that can be read.") from error


def _upright(image: Image.Image) -> Image.Image:
    """As shown, on white where it is transparent."""
    upright = ImageOps.exif_transpose(image)
    if not upright.has_transparency_data:
        return upright.convert("RGB")
    layered = upright.convert("RGBA")
    paper = Image.new("RGB", layered.size, "white")
    paper.paste(layered, mask=layered.getchannel("A"))
    return paper


def _blurhash(picture: Image.Image) -> str:
    small = picture.copy()
    small.thumbnail((BLURHASH_SIDE, BLURHASH_SIDE), Image.Resampling.BOX)
    pixels = list(small.get_flattened_data())
    rows = [pixels[n : n + small.width] for n in range(0, len(pixels), small.width)]
    return str(blurhash.encode(rows, *BLURHASH_COMPONENTS))
