"""Images are what their bytes say."""

from __future__ import annotations

import io

import blurhash
import pytest
from PIL import Image

from services.formats.picture import PIXELS_MAX, NotAPicture, describe, thumbnail


def an_image(kind: str, size: tuple[int, int] = (640, 360), colour: str = "tomato") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_size_and_type_are_read_from_the_bytes(kind: str) -> None:
    picture = describe(an_image(kind))
    assert (picture.width, picture.height) == (640, 360)
    assert picture.media_type == f"image/{kind.lower()}"


def test_the_blurhash_decodes_to_the_colours_of_the_picture() -> None:
    picture = describe(an_image("PNG", colour="tomato"))
    red, green, blue = blurhash.decode(picture.blurhash, 1, 1)[0][0]
    assert blurhash.components(picture.blurhash) == (4, 3)
    assert abs(red - 255) < 12
    assert abs(green - 99) < 12
    assert abs(blue - 71) < 12


def test_a_turned_photograph_is_measured_as_it_is_shown() -> None:
    out = io.BytesIO()
    image = Image.new("RGB", (1600, 900), "navy")
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(out, "JPEG", exif=exif)
    picture, small = describe(out.getvalue()), thumbnail(out.getvalue(), 320)
    assert (picture.width, picture.height) == (900, 1600)
    assert (small.width, small.height) == (180, 320)


def test_a_thumbnail_is_a_webp_that_fits() -> None:
    small = thumbnail(an_image("JPEG", (1280, 720)), 480)
    with Image.open(io.BytesIO(small.data)) as image:
        assert (image.format, image.size) == ("WEBP", (480, 270))
    assert (small.media_type, small.width, small.height) == ("image/webp", 480, 270)


def test_a_small_image_is_not_enlarged() -> None:
    small = thumbnail(an_image("PNG", (100, 50)))
    assert (small.width, small.height) == (100, 50)


def test_transparency_is_laid_on_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (64, 64), (0, 0, 0, 0)).save(out, "PNG")
    with Image.open(io.BytesIO(thumbnail(out.getvalue()).data)) as image:
        darkest, _ = image.convert("L").getextrema()
    assert darkest == 255


def a_huge_png(side: int) -> bytes:
    """A few hundred bytes that unpack to side x side pixels."""
    out = io.BytesIO()
    Image.new("1", (side, side)).save(out, "PNG", optimize=True)
    return out.getvalue()


@pytest.mark.parametrize("side", [7_200, 12_000, 16_000])
def test_decompression_bombs_are_refused_before_they_are_unpacked(side: int) -> None:
    assert side * side > PIXELS_MAX
    with pytest.raises(NotAPicture, match="pixels"):
        describe(a_huge_png(side))


@pytest.mark.parametrize("work", [describe, thumbnail])
@pytest.mark.parametrize(
    "data",
    [b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"P6 2 2 255\n" + bytes(12)],
)
def test_what_is_no_picture_is_refused(work: object, data: bytes) -> None:
    assert callable(work)
    with pytest.raises(NotAPicture):
        work(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_truncated_picture_is_refused(kind: str) -> None:
    out = io.BytesIO()
    Image.effect_noise((300, 200), 90).convert("RGB").save(out, kind)
    with pytest.raises(NotAPicture):
        describe(out.getvalue()[: len(out.getvalue()) // 2])


def test_not_a_picture_is_a_value_error() -> None:
    assert issubclass(NotAPicture, ValueError)
