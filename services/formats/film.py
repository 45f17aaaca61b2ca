"""Moving pictures: one way to encode a shot, and the cutter that joins shots into a film.

Every shot written here is H.264 in MP4 with the same parameters and without B-frames, so that
packets are in the order they are shown, any tail can be cut off, and shots join without being
encoded again.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, islice, repeat
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer
from av.filter import Graph
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image, ImageOps

CUTS_MAX = 2_000
FRAMES_MAX = 500_000
SIDE_MIN, SIDE_MAX = 64, 4_096
STILL_PIXELS_MAX = 40_000_000
STILL_FORMATS = ("JPEG", "PNG", "WEBP")
REPORT_EVERY_FRAMES = 8
PHASE = "cutting"
CODEC_OPTIONS = {
    "preset": "veryfast",
    "crf": "21",
    "bf": "0",
    "g": "48",
    "threads": "1",
    "x264-params": "colorprim=bt709:transfer=bt709:colormatrix=bt709",
}
"""One thread, because then the same frames give the same bytes on every machine."""

Report = Callable[[str, int, int], None]
"""Hears the phase and how many frames of how many are done. What it raises stops the work."""


class NotAFilm(ValueError):
    """The media cannot be read, or the film that is asked for cannot be made."""


@dataclass(frozen=True, slots=True)
class Cut:
    """One shot of a film: a still or a video, shown for exactly `frames` frames."""

    source: Path
    media_type: str
    frames: int


@dataclass(frozen=True, slots=True)
class Film:
    frames: int
    seconds: float
    width: int
    height: int


def encode_shot(
    pictures: Iterable[VideoFrame], destination: Path, rate: Fraction, size: tuple[int, int]
) -> int:
    """Writes pictures one frame each, and returns how many. The caller removes a broken file."""
    count = 0
    with _writing(destination) as container:
        stream = container.add_stream("libx264", rate=rate, options=dict(CODEC_OPTIONS))
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = 1 / rate
        for picture in pictures:
            picture.pts, picture.time_base = count, 1 / rate
            container.mux(stream.encode(picture))
            count += 1
        container.mux(stream.encode(None))
    return count


def video_picture(image: Image.Image) -> VideoFrame:
    """An RGB image in the colour space that every shot is written in."""
    frame: VideoFrame = VideoFrame.from_image(image)  # type: ignore[no-untyped-call]  # PyAV
    return frame.reformat(format="yuv420p", dst_colorspace="itu709")


def cut_film(
    cuts: Sequence[Cut],
    destination: Path,
    rate: Fraction,
    size: tuple[int, int] = (1280, 720),
    report: Report | None = None,
) -> Film:
    """Joins the cuts, in order, into one MP4 that appears at `destination` complete or not at all.

    Shots made by `encode_shot` at this rate and size are copied packet by packet. Stills and all
    other video are encoded alike first: fitted with black bars, cut short or held to length.
    Raises NotAFilm.
    """
    _check(cuts, rate, size)
    total = sum(cut.frames for cut in cuts)
    tell = report or (lambda phase, done, total: None)
    with tempfile.TemporaryDirectory(prefix=".film-", dir=destination.parent) as folder:
        signature = _signature(Path(folder) / "signature.mp4", rate, size)
        film = Path(folder) / "film.mp4"
        with _writing(film) as container:
            joint = _Joint(container, rate)
            for cut in cuts:
                tell(PHASE, joint.frames, total)
                shot = cut.source
                if not _joins(cut, signature, rate):
                    shot = Path(folder) / "shot.mp4"
                    pictures = _counted(_pictures(cut, rate, size), joint.frames, total, tell)
                    encode_shot(pictures, shot, rate, size)
                joint.append(shot, cut.frames)
        os.replace(film, destination)
    tell(PHASE, total, total)
    return Film(total, float(total / rate), *size)


def probe(path: Path) -> Film:
    """Reads a video by decoding all of it, so the numbers are of what will be seen."""
    with _reading(path) as (container, stream):
        frames = sum(1 for _ in container.decode(stream))
        seconds = float((stream.duration or 0) * (stream.time_base or 0))
        return Film(frames, seconds, stream.width, stream.height)


def _check(cuts: Sequence[Cut], rate: Fraction, size: tuple[int, int]) -> None:
    if not 0 < len(cuts) <= CUTS_MAX:
        raise NotAFilm(f"A film has 1 to {CUTS_MAX} cuts, not {len(cuts)}.")
    if any(cut.frames < 1 for cut in cuts) or sum(cut.frames for cut in cuts) > FRAMES_MAX:
        raise NotAFilm(f"Every cut has at least 1 frame, and all together {FRAMES_MAX} at most.")
    if not 1 <= rate <= 120:
        raise NotAFilm("The rate is 1 to 120 frames a second.")
    if any(side % 2 or not SIDE_MIN <= side <= SIDE_MAX for side in size):
        raise NotAFilm(f"Width and height are even numbers from {SIDE_MIN} to {SIDE_MAX}.")


class _Joint:
    """Appends encoded shots to one stream; every packet is one frame after the one before."""

    def __init__(self, container: OutputContainer, rate: Fraction) -> None:
        self._container, self._rate = container, rate
        self._stream: VideoStream | None = None
        self.frames = 0

    def append(self, shot: Path, frames: int) -> None:
        with _reading(shot) as (source, stream):
            if self._stream is None:
                self._stream = self._container.add_stream_from_template(stream)
            for packet in islice(_packets(source, stream), frames):
                packet.stream = self._stream
                packet.time_base = 1 / self._rate
                packet.pts = packet.dts = self.frames
                packet.duration = 1
                self._container.mux_one(packet)
                self.frames += 1


def _packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    return (packet for packet in container.demux(stream) if packet.size)


def _signature(path: Path, rate: Fraction, size: tuple[int, int]) -> bytes:
    """The decoder's parameters of everything `encode_shot` writes at this rate and size."""
    encode_shot([video_picture(Image.new("RGB", size))], path, rate, size)
    with _reading(path) as (_, stream):
        return bytes(stream.codec_context.extradata or b"")


def _joins(cut: Cut, signature: bytes, rate: Fraction) -> bool:
    """Whether a cut's packets can be copied: made like ours, long enough, evenly timed."""
    if not cut.media_type.startswith("video/"):
        return False
    with _reading(cut.source) as (container, stream):
        context = stream.codec_context
        if bytes(context.extradata or b"") != signature or stream.average_rate != rate:
            return False
        tick = 1 / (rate * (stream.time_base or 1))
        count = 0
        for packet in islice(_packets(container, stream), cut.frames):
            even = packet.pts == packet.dts == count * tick
            if not even or (count == 0 and not packet.is_keyframe):
                return False
            count += 1
        return count == cut.frames


def _counted(
    pictures: Iterator[VideoFrame], before: int, total: int, report: Report
) -> Iterator[VideoFrame]:
    for count, picture in enumerate(pictures):
        if count % REPORT_EVERY_FRAMES == 0:
            report(PHASE, before + count, total)
        yield picture


def _pictures(cut: Cut, rate: Fraction, size: tuple[int, int]) -> Iterator[VideoFrame]:
    """Exactly as many frames as the cut is long; the last one there is is held."""
    if cut.media_type.startswith("image/"):
        return repeat(_still(cut.source, size), cut.frames)
    if not cut.media_type.startswith("video/"):
        raise NotAFilm(f"A cut is an image or a video, not {cut.media_type}.")
    return islice(_held(_fitted(cut.source, rate, size)), cut.frames)


def _still(path: Path, size: tuple[int, int]) -> VideoFrame:
    try:
        with Image.open(path, formats=STILL_FORMATS) as image:
            if image.width * image.height > STILL_PIXELS_MAX:
                raise NotAFilm(f"A still has more than {STILL_PIXELS_MAX} pixels.")
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise NotAFilm("A still cannot be read as an image.") from error
    return video_picture(ImageOps.pad(upright, size, Image.Resampling.LANCZOS))


def _held(pictures: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
    last: VideoFrame | None = None
    for last in pictures:
        yield last
    if last is None:
        raise NotAFilm("A video has no picture in it.")
    yield from repeat(last)


def _fitted(path: Path, rate: Fraction, size: tuple[int, int]) -> Iterator[VideoFrame]:
    """A video's frames at the film's rate and size, upright, with black bars where needed."""
    with _reading(path) as (container, stream):
        decoded = container.decode(stream)
        first = next(decoded, None)
        if first is None:
            return
        graph = _fitting_graph(stream, first, rate, size)
        try:
            for frame in chain((first,), decoded):
                graph.vpush(frame)
                yield from _pulled(graph)
            graph.vpush(None)
            yield from _pulled(graph)
        except av.FFmpegError as error:
            raise NotAFilm("A video is damaged.") from error


def _fitting_graph(
    stream: VideoStream, first: VideoFrame, rate: Fraction, size: tuple[int, int]
) -> Graph:
    width, height = size
    graph = Graph()
    turns: dict[int, list[tuple[str, str | None]]] = {
        90: [("transpose", "cclock")],
        -90: [("transpose", "clock")],
    }
    turns[180] = turns[-180] = [("hflip", None), ("vflip", None)]
    steps: list[tuple[str, str | None]] = [
        ("fps", f"fps={rate}"),
        *turns.get(first.rotation, []),
        ("scale", "w=trunc(iw*sar/2)*2:h=ih"),
        (
            "scale",
            f"{width}:{height}:force_original_aspect_ratio=decrease:force_divisible_by=2"
            ":out_color_matrix=bt709:out_range=tv",
        ),
        ("pad", f"{width}:{height}:(ow-iw)/2:(oh-ih)/2"),
        ("setsar", "1"),
        ("format", "yuv420p"),
    ]
    chained = [graph.add_buffer(template=stream), *(graph.add(*step) for step in steps)]
    graph.link_nodes(*chained, graph.add("buffersink")).configure()
    return graph


def _pulled(graph: Graph) -> Iterator[VideoFrame]:
    while True:
        try:
            frame = graph.vpull()
        except (av.BlockingIOError, av.EOFError):
            return
        yield frame


@contextmanager
def _writing(path: Path) -> Iterator[OutputContainer]:
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        yield container


@contextmanager
def _reading(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Raises NotAFilm when there is no video to read, also while it is being read."""
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise NotAFilm("The file has no video in it.")
            yield container, container.streams.video[0]
    except av.FFmpegError as error:
        raise NotAFilm("The file cannot be read as video.") from error
