"""Films are read back by decoding them: what counts is what will be seen."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from services.formats.film import (
    Cut,
    NotAFilm,
    cut_film,
    encode_shot,
    probe,
    video_picture,
)

FILM_RATES = [Fraction(24), Fraction(24000, 1001), Fraction(25)]
SIZE = (320, 180)


def a_shot(
    path: Path, frames: int, rate: Fraction, colour: str, size: tuple[int, int] = SIZE
) -> Cut:
    pictures = [video_picture(Image.new("RGB", size, colour)) for _ in range(frames)]
    encode_shot(pictures, path, rate, size)
    return Cut(path, "video/mp4", frames)


def a_still(path: Path, frames: int, colour: str) -> Cut:
    Image.new("RGB", (200, 200), colour).save(path)
    return Cut(path, "image/png", frames)


def a_foreign_clip(
    path: Path, shown: int, frames: int, colour: str, rate: Fraction = Fraction(30)
) -> Cut:
    """Another codec and size, and `shown` frames of its own."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 240, 320, "yuv420p"
        for n in range(shown):
            picture = video_picture(Image.new("RGB", (240, 320), colour))
            picture.pts, picture.time_base = n, 1 / rate
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return Cut(path, "video/mp4", frames)


def a_mixture(folder: Path, rate: Fraction) -> list[Cut]:
    ours = a_shot(folder / "ours.mp4", 20, rate, "red")
    return [
        ours,
        a_still(folder / "still.png", 13, "lime"),
        a_foreign_clip(folder / "long.mp4", 60, 17, "blue", rate),
        Cut(ours.source, ours.media_type, 7),
        a_foreign_clip(folder / "short.mp4", 3, 11, "yellow"),
        Cut(ours.source, ours.media_type, 29),
    ]


def seen(path: Path) -> list[tuple[Fraction, tuple[int, ...]]]:
    """When each frame is shown, and the colour in its middle."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return [
            ((frame.pts or 0) * tick(stream), pixel(frame, 160, 90))
            for frame in container.decode(stream)
        ]


def tick(stream: VideoStream) -> Fraction:
    assert stream.time_base is not None
    return stream.time_base


def pixel(frame: VideoFrame, x: int, y: int) -> tuple[int, ...]:
    image: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]  # PyAV
    value = image.getpixel((x, y))
    assert isinstance(value, tuple)
    return value


@pytest.mark.parametrize("rate", FILM_RATES)
def test_a_film_is_exactly_the_sum_of_its_cuts(tmp_path: Path, rate: Fraction) -> None:
    cuts = a_mixture(tmp_path, rate)
    film = cut_film(cuts, tmp_path / "film.mp4", rate, SIZE)
    total = sum(cut.frames for cut in cuts)
    assert film == probe(tmp_path / "film.mp4")
    assert (film.frames, film.width, film.height) == (total, *SIZE)
    assert film.seconds == pytest.approx(float(total / rate))
    assert [time for time, _ in seen(tmp_path / "film.mp4")] == [n / rate for n in range(total)]


def test_every_cut_starts_and_ends_on_its_frame(tmp_path: Path) -> None:
    cuts = a_mixture(tmp_path, Fraction(24))
    cut_film(cuts, tmp_path / "film.mp4", Fraction(24), SIZE)
    colours = [colour for _, colour in seen(tmp_path / "film.mp4")]
    order = ("red", "lime", "blue", "red", "yellow", "red")
    expected = [name for name, cut in zip(order, cuts, strict=True) for _ in range(cut.frames)]
    assert [nearest(colour) for colour in colours] == expected


def nearest(colour: Sequence[int]) -> str:
    names = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "yellow": (255, 255, 0)}
    far = {
        name: sum(abs(a - b) for a, b in zip(colour, rgb, strict=True))
        for name, rgb in names.items()
    }
    best = min(far, key=lambda name: far[name])
    assert far[best] < 40, f"{tuple(colour)} is no colour of any cut"
    return best


def test_packets_follow_each_other_without_gap_or_overlap(tmp_path: Path) -> None:
    rate = Fraction(24000, 1001)
    cut_film(a_mixture(tmp_path, rate), tmp_path / "film.mp4", rate, SIZE)
    with av.open(str(tmp_path / "film.mp4")) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        starts = [(packet.dts or 0) * tick(stream) for packet in packets]
        assert starts == [n / rate for n in range(len(packets))]
        assert all(packet.pts == packet.dts for packet in packets)
        assert all((packet.duration or 0) * tick(stream) == 1 / rate for packet in packets)


def test_our_own_shots_are_copied_packet_by_packet(tmp_path: Path) -> None:
    cut = a_shot(tmp_path / "shot.mp4", 12, Fraction(24), "red")
    cut_film([cut, cut], tmp_path / "film.mp4", Fraction(24), SIZE)
    once, film = payloads(cut.source), payloads(tmp_path / "film.mp4")
    assert film == once + once


def payloads(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def test_a_shot_at_another_rate_keeps_its_pace(tmp_path: Path) -> None:
    """Twelve frames at 12 a second are a second, hence 24 frames of a film at 24."""
    shot = tmp_path / "slow.mp4"
    pictures = (video_picture(Image.new("RGB", SIZE, (20 * n, 0, 0))) for n in range(12))
    encode_shot(pictures, shot, Fraction(12), SIZE)
    cut_film([Cut(shot, "video/mp4", 24)], tmp_path / "film.mp4", Fraction(24), SIZE)
    reds = [colour[0] for _, colour in seen(tmp_path / "film.mp4")]
    assert reds == pytest.approx([20 * (n // 2) for n in range(24)], abs=10)


def test_a_tall_picture_gets_black_bars(tmp_path: Path) -> None:
    cut = a_foreign_clip(tmp_path / "tall.mp4", 4, 4, "blue")
    cut_film([cut], tmp_path / "film.mp4", Fraction(24), SIZE)
    with av.open(str(tmp_path / "film.mp4")) as container:
        frame = next(container.decode(video=0))
    assert max(pixel(frame, 4, 90)) < 20
    assert nearest(pixel(frame, 160, 90)) == "blue"


def test_progress_is_told_and_never_goes_back(tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    cuts = a_mixture(tmp_path, Fraction(24))
    cut_film(
        cuts,
        tmp_path / "film.mp4",
        Fraction(24),
        SIZE,
        lambda phase, done, all_: heard.append((done, all_)),
    )
    total = sum(cut.frames for cut in cuts)
    assert heard == sorted(heard)
    assert heard[-1] == (total, total)
    assert len(heard) > len(cuts)


class Stopped(Exception):
    pass


def test_what_the_report_raises_stops_the_work_and_leaves_the_old_film(tmp_path: Path) -> None:
    cuts = a_mixture(tmp_path, Fraction(24))
    film = tmp_path / "film.mp4"
    film.write_bytes(b"the film of yesterday")
    before = sorted(tmp_path.iterdir())

    def report(phase: str, done: int, total: int) -> None:
        if done > 20:
            raise Stopped

    with pytest.raises(Stopped):
        cut_film(cuts, film, Fraction(24), SIZE, report)
    assert film.read_bytes() == b"the film of yesterday"
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("media_type", ["image/png", "video/mp4", "audio/mpeg"])
def test_unreadable_media_is_refused(tmp_path: Path, media_type: str) -> None:
    (tmp_path / "broken").write_bytes(b"\0" * 400)
    with pytest.raises(NotAFilm):
        cut_film(
            [Cut(tmp_path / "broken", media_type, 5)], tmp_path / "film.mp4", Fraction(24), SIZE
        )
    assert not (tmp_path / "film.mp4").exists()


def test_impossible_films_are_refused(tmp_path: Path) -> None:
    still = a_still(tmp_path / "still.png", 5, "red")
    film = tmp_path / "film.mp4"
    for cuts, rate, size in (
        ([], Fraction(24), SIZE),
        ([Cut(still.source, still.media_type, 0)], Fraction(24), SIZE),
        ([Cut(still.source, still.media_type, 10**9)], Fraction(24), SIZE),
        ([still], Fraction(0), SIZE),
        ([still], Fraction(24), (321, 180)),
        ([still], Fraction(24), (32, 32)),
    ):
        with pytest.raises(NotAFilm):
            cut_film(cuts, film, rate, size)
    assert not film.exists()
