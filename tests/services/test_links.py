from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from services.links import Links

ASSET = "ast_01jd3k8m9xe2nr4v5t6w7y8z9a"
SECRET = b"sixteen bytes or more of secret"
HOUR = timedelta(hours=1)


class Clock:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock(1_800_000_123.4)


@pytest.fixture
def links(clock: Clock) -> Links:
    return Links(SECRET, "https://board.example", HOUR, clock)


def parts(url: str) -> tuple[str, str, str]:
    """The asset, the expiry and the signature."""
    split = urlsplit(url)
    query = parse_qs(split.query)
    return split.path.rpartition("/")[2], query["expires"][0], query["signature"][0]


def test_a_link_is_good_for_its_lifetime_and_at_most_a_quarter_more(
    links: Links, clock: Clock
) -> None:
    made = clock.seconds
    link = parts(links.url(ASSET))

    clock.seconds = made + 3600
    assert links.verify(*link)
    clock.seconds = made + 3600 + 900
    assert not links.verify(*link)


def test_a_link_stops_working_when_it_says(links: Links, clock: Clock) -> None:
    end = links.expires_at()
    link = parts(links.url(ASSET))
    assert end.tzinfo is UTC
    assert end == datetime.fromtimestamp(int(link[1]), UTC)

    clock.seconds = end.timestamp() - 0.001
    assert links.verify(*link)
    clock.seconds = end.timestamp()
    assert not links.verify(*link)


def test_the_url_of_an_asset_changes_once_in_a_quarter_of_the_lifetime(
    links: Links, clock: Clock
) -> None:
    made = []
    for second in range(3600):
        clock.seconds = 1_800_000_000.5 + second
        made.append(links.url(ASSET))

    assert [made.count(url) for url in dict.fromkeys(made)] == [900] * 4


@pytest.mark.parametrize(
    ("base", "start"),
    [
        ("https://board.example", "https://board.example/assets/ast_"),
        ("https://board.example/room/", "https://board.example/room/assets/ast_"),
        ("", "/assets/ast_"),
    ],
)
def test_links_begin_with_the_base_url(base: str, start: str) -> None:
    assert Links(SECRET, base, HOUR).url(ASSET).startswith(start)


def test_a_signature_is_good_for_one_asset_one_expiry_and_one_secret(links: Links) -> None:
    asset, expires, signature = parts(links.url(ASSET))

    assert links.verify(asset, expires, signature)
    assert not links.verify(asset[:-1] + "b", expires, signature)
    assert not links.verify(asset, str(int(expires) + 1), signature)
    assert not links.verify(asset, "0" + expires, signature)
    assert not Links(SECRET[::-1], "", HOUR, links.now).verify(asset, expires, signature)


def test_every_digit_of_the_signature_counts(links: Links) -> None:
    asset, expires, signature = parts(links.url(ASSET))
    for at, digit in enumerate(signature):
        other = "0" if digit != "0" else "1"
        assert not links.verify(asset, expires, signature[:at] + other + signature[at + 1 :])


@pytest.mark.parametrize("text", ["", " ", "-1", "1e9", "0x10", "٣", "\ud800", "\0", "9" * 9999])
def test_nonsense_is_refused_without_an_error(links: Links, text: str) -> None:
    asset, expires, signature = parts(links.url(ASSET))

    assert not links.verify(text, expires, signature)
    assert not links.verify(asset, text, signature)
    assert not links.verify(asset, expires, text)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Links(b"too short", "", HOUR)


def test_a_link_that_could_never_be_used_is_refused() -> None:
    with pytest.raises(ValueError, match="4 seconds"):
        Links(SECRET, "", timedelta(seconds=3))
