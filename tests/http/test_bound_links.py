"""With authentication, a link to a file is good for who was given it, as long as they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from models import ApiToken, Client, MemberRole, Project
from services import granting
from services.actor import Role
from services.granting import Who
from storyreel.app import assets
from storyreel.asset_route import asset_route
from tests.gate import Gate
from tests.making import a_drawn_image, a_scene, a_shot, in_a_studio

IMAGE = "query($id: ID!) { image(id: $id) { imageUrl } }"


@pytest.fixture
async def image_id(gate: Gate) -> str:
    """Of an image with a file, at the client `acme`."""
    await gate.a_member("Ada")
    home = in_a_studio(gate.home)
    owner = replace(home.owner, roles={(await Client.get(slug="acme")).id: Role.OWNER})
    home = replace(home, owner=owner)
    project = await Project.get(id=await gate.a_project(await gate.a_member("Ada")))
    return (await a_drawn_image(home, await a_shot(home, await a_scene(home, project)))).id


async def link(gate: Gate, token: str, image_id: str) -> str:
    data = (await gate.ask(token, IMAGE, id=image_id)).json()["data"]
    return str(data["image"]["imageUrl"])


async def fetch(gate: Gate, url: str) -> int:
    home = gate.home
    routes = [asset_route(home.links, home.world.storage, assets(gate.reception))]
    transport = httpx.ASGITransport(Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://board.example") as client:
        return (await client.get(url)).status_code


def parameters(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


async def test_a_link_works_for_its_bearer_and_is_the_same_for_a_while(
    gate: Gate, image_id: str
) -> None:
    token, other = await gate.a_member("Bea"), await gate.a_member("Cy")
    url = await link(gate, token, image_id)

    assert await link(gate, token, image_id) == url
    assert parameters(url)["for"] == f"tok_{token.split('_')[1]}"
    assert await link(gate, other, image_id) != url
    assert await fetch(gate, url) == 200


@pytest.mark.parametrize("how", ["revoked", "removed"])
async def test_a_link_ends_with_the_access_of_its_bearer(
    gate: Gate, image_id: str, how: str
) -> None:
    token = await gate.a_member("Bea")
    url = await link(gate, token, image_id)
    if how == "revoked":
        await gate.do(granting.revoke_token, f"tok_{token.split('_')[1]}")
    else:
        await gate.do(granting.drop_member, "acme", Who("Bea"))

    assert await fetch(gate, url) == 404


async def test_a_link_is_bound_by_its_signature(gate: Gate, image_id: str) -> None:
    token, other = await gate.a_member("Bea"), await gate.a_member("Cy")
    url = await link(gate, token, image_id)
    given = parameters(url)
    path = urlsplit(url).path
    bearer, expires = given["for"], given["expires"]
    others = parameters(await link(gate, other, image_id))["for"]
    unbound = gate.home.links.url(path.rpartition("/")[2])

    async def with_parameters(**changed: str) -> int:
        return await fetch(gate, str(httpx.URL(path, params=given | changed)))

    assert await with_parameters() == 200
    assert await with_parameters(**{"for": others}) == 403
    assert await with_parameters(**{"for": ""}) == 403
    assert await with_parameters(**{"for": "", "expires": f"{expires}&for={bearer}"}) == 403
    assert await fetch(gate, unbound) == 404


async def test_no_link_outlives_its_token(gate: Gate, image_id: str) -> None:
    token = await gate.a_member("Bea")
    row = ApiToken.filter(id=f"tok_{token.split('_')[1]}")
    end = gate.home.world.now() + timedelta(seconds=90)
    await row.update(expires_at=end)

    expires = parameters(await link(gate, token, image_id))["expires"]
    assert int(expires) == int(end.timestamp())


async def test_somebody_whom_the_provider_vouches_for_has_links_too(
    gate: Gate, image_id: str
) -> None:
    await gate.viewer(gate.provider.token("bea"))
    who = Who(subject="bea", issuer="https://id.example")
    await gate.do(granting.add_member, "acme", who, MemberRole.VIEWER)
    end = int(gate.home.world.now().timestamp()) + 60
    url = await link(gate, gate.provider.token("bea", exp=end), image_id)

    assert parameters(url)["for"].startswith("usr_")
    assert int(parameters(url)["expires"]) == end + 30  # as long as the token itself, to the skew
    assert await fetch(gate, url) == 200
