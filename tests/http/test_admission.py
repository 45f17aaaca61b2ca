"""Who is let in over HTTP, event streams and sockets, and who has to leave."""

from __future__ import annotations

import asyncio
import base64
import json

import pytest
from joserfc.jwk import ECKey

from models import ApiToken, Client, MemberRole, Project, User
from services import granting, projects
from services.actor import SYSTEM
from services.granting import Who
from services.work import perform
from tests.gate import CREATE, VIEWER, Gate, a_socket, closing
from tests.making import until
from tests.provider import ISSUER, a_key

EVERYTHING = """query($id: ID!) {
  project(id: $id) { id }
  node(id: $id) { id }
  projects { edges { cursor } }
  viewer { name memberships { role } }
}"""
TITLE = "query($id: ID!) { project(id: $id) { title } }"
LIVE = "subscription($id: ID!) { liveProject(id: $id) { title } }"
INVITE = """mutation($input: InviteMemberInput!) {
  inviteMember(input: $input) { code invitation { id } }
}"""
ACCEPT = "mutation($code: String!) { acceptInvitation(code: $code) { role user { name } } }"
MEMBERS = """query($id: ID!) {
  node(id: $id) { ... on Client { members { role user { name } } invitations { id } } }
}"""
OWNER, EDITOR, VIEW = MemberRole.OWNER, MemberRole.EDITOR, MemberRole.VIEWER


async def test_whoever_shows_nothing_good_learns_nothing(gate: Gate) -> None:
    token = await gate.a_member("Ada")
    other = await gate.a_member("Bea")
    mixed = f"{token[:30]}{other[30:]}"  # the one's id with the other's secret
    revoked = await gate.a_member("Cy")
    await gate.do(granting.revoke_token, f"tok_{revoked.split('_')[1]}")
    shown: list[list[tuple[str, str]]] = [
        [],
        [("Authorization", "")],
        [("Authorization", "Bearer")],
        [("Authorization", token)],
        [("Authorization", f"Basic {token}")],
        [("Authorization", f"Bearer {token}x")],
        [("Authorization", f"Bearer {token.upper()}")],
        [("Authorization", f"Bearer {token} {token}")],
        [("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {token}")],
        [("Authorization", f"Bearer {mixed}")],
        [("Authorization", f"Bearer {revoked}")],
        [("Authorization", f"Bearer sr_{'0' * 26}_{'0' * 64}")],
        [("Authorization", f"Bearer {'x' * 9_000}")],
        [("Cookie", f"token={token}")],
    ]
    answers = [
        await gate.http.post(gate.url, content=b"\xff{", headers=headers) for headers in shown
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert {answer.headers["www-authenticate"] for answer in answers} == {"Bearer"}
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
    assert answers[0].json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert (await gate.ask(token, VIEWER)).status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
async def test_every_method_is_for_who_is_known(gate: Gate, method: str) -> None:
    assert (await gate.http.request(method, gate.url)).status_code == 401


async def test_the_scheme_may_be_written_in_any_case(gate: Gate) -> None:
    token = await gate.a_member("Ada")
    for scheme in ("bearer", "BEARER", "Bearer  "):
        headers = {"Authorization": f"{scheme} {token}"}
        answer = await gate.http.post(gate.url, json={"query": VIEWER}, headers=headers)
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("role", "ceiling", "left"),
    [(OWNER, VIEW, "VIEWER"), (OWNER, EDITOR, "EDITOR"), (VIEW, OWNER, "VIEWER")],
)
async def test_a_token_is_never_more_than_its_user_nor_than_its_ceiling(
    gate: Gate, role: MemberRole, ceiling: MemberRole, left: str
) -> None:
    await gate.a_member("Somebody else")
    token = await gate.a_member("Ada", role, ceiling=ceiling)

    assert (await gate.viewer(token))["memberships"] == [{"role": left, "client": {"slug": "acme"}}]
    refused = "errors" in (await gate.ask(token, CREATE)).json()
    assert refused == (left == "VIEWER")


async def test_a_token_for_one_client_is_nothing_at_another(gate: Gate) -> None:
    both = await gate.a_member("Ada")
    await gate.do(granting.add_member, "other", Who("Ada"), OWNER)
    one = await gate.a_member("Ada", slug="other")
    project_id = await gate.a_project(both)

    assert len((await gate.viewer(both))["memberships"]) == 2
    [only] = (await gate.viewer(one))["memberships"]
    assert only["client"]["slug"] == "other"
    assert (await gate.ask(one, TITLE, id=project_id)).json()["data"] == {"project": None}
    await Client.filter(slug="other").delete()
    assert (await gate.ask(one, VIEWER)).status_code == 401  # never good for all clients instead


async def test_a_project_is_made_where_its_maker_may(gate: Gate) -> None:
    await gate.a_member("Ada")
    token = await gate.a_member("Bea", VIEW)
    refused = (await gate.ask(token, CREATE)).json()["errors"][0]
    assert refused["extensions"]["code"] == "FORBIDDEN"

    await gate.do(granting.add_member, "other", Who("Bea"), EDITOR)

    assert await gate.a_project(token)


async def test_when_a_token_was_used_is_noted_once_a_minute(gate: Gate) -> None:
    token = await gate.a_member("Ada")
    row_id = f"tok_{token.split('_')[1]}"
    await asyncio.gather(*(gate.ask(token, VIEWER) for _ in range(10)))

    async def noted() -> bool:
        return (await ApiToken.get(id=row_id)).last_used_at is not None

    await until(noted)
    first = (await ApiToken.get(id=row_id)).last_used_at
    await gate.ask(token, VIEWER)
    assert (await ApiToken.get(id=row_id)).last_used_at == first


async def test_who_is_a_member_of_nothing_sees_nothing(gate: Gate) -> None:
    project_id = await gate.a_project(await gate.a_member("Ada"))
    token = gate.provider.token("stranger", name="Otto")

    answer = (await gate.ask(token, EVERYTHING, id=project_id)).json()

    assert answer["data"] == {
        "project": None,
        "node": None,
        "projects": {"edges": []},
        "viewer": {"name": "Otto", "memberships": []},
    }
    refused = (await gate.ask(token, CREATE)).json()
    assert refused["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_a_subject_is_one_user_however_many_come_at_once(gate: Gate) -> None:
    token = gate.provider.token("ada", name="Ada")
    found = await asyncio.gather(*(gate.viewer(token) for _ in range(8)))
    renamed = await gate.viewer(gate.provider.token("ada", name="Grace"))

    assert len({viewer["id"] for viewer in found}) == 1
    assert renamed == found[0]
    assert (await User.get(subject=f"{ISSUER} ada")).id == found[0]["id"]
    nameless = await gate.viewer(gate.provider.token("sub|7", name=" ", email="a\0b"))
    assert nameless["name"] == "sub|7"


async def test_names_that_cannot_be_kept_are_turned_away(gate: Gate) -> None:
    for subject in ("x" * 256, "a\0b"):
        assert (await gate.ask(gate.provider.token(subject), VIEWER)).status_code == 401


async def test_keys_of_the_provider_change_and_the_provider_goes_away(gate: Gate) -> None:
    first = gate.provider.token()
    assert (await gate.ask(first, VIEWER)).status_code == 200
    gate.provider.keys.append(a_key("second"))
    assert (await gate.ask(gate.provider.token(), VIEWER)).status_code == 200
    gate.provider.down = True
    assert (await gate.ask(first, VIEWER)).status_code == 200
    assert (await gate.ask(gate.provider.token(key=a_key("mine")), VIEWER)).status_code == 401


async def test_what_the_provider_never_said_is_not_believed(gate: Gate) -> None:
    good = gate.provider.token()
    _, claims, signature = good.split(".")
    none, symmetric = (
        base64.urlsafe_b64encode(json.dumps({"alg": name, "kid": "first"}).encode()).decode()
        for name in ("none", "HS256")
    )

    for text in (
        gate.provider.token(iss="https://evil.example"),
        gate.provider.token(aud="another"),
        gate.provider.token(exp=None),
        gate.provider.token(exp=1),
        gate.provider.token(key=ECKey.generate_key("P-256", {"kid": "first"})),
        f"{none.rstrip('=')}.{claims}.",
        f"{symmetric.rstrip('=')}.{claims}.{signature}",
    ):
        assert (await gate.ask(text, VIEWER)).status_code == 401
    assert await User.all().count() == 1  # the local one: nobody was made
    assert (await gate.ask(good, VIEWER)).status_code == 200


async def test_a_web_token_that_ends_ends_its_socket(gate: Gate) -> None:
    soon = gate.home.world.now().timestamp() + 1.2 - 30  # the skew of clocks is granted
    async with a_socket(gate, gate.provider.token(exp=soon)) as socket:
        frames, code = await closing(socket)

    assert (frames, code) == ([], 4403)
    assert gate.home.world.now().timestamp() - soon - 30 < 1


async def test_whoever_is_given_more_keeps_the_socket_and_may_use_it(gate: Gate) -> None:
    project_id = await gate.a_project(await gate.a_member("Ada"))
    token = gate.provider.token("bea")
    async with a_socket(gate, token) as socket:
        await socket.subscribe(TITLE, "before", id=project_id)
        assert await socket.data("before") == {"project": None}
        who = Who(subject="bea", issuer=ISSUER)
        await gate.do(granting.add_member, "acme", who, VIEW)

        async def shown() -> bool:
            await socket.subscribe(TITLE, "after", id=project_id)
            found = (await socket.data("after"))["project"]
            assert (await socket.answer("after"))["type"] == "complete"
            return found is not None

        await until(shown)
        await gate.do(granting.drop_member, "acme", who)
        assert await closing(socket) == ([], 4403)


async def test_nothing_follows_the_close_whatever_happens_meanwhile(gate: Gate) -> None:
    owner = await gate.a_member("Ada")
    token = await gate.a_member("Bea", EDITOR)
    project = await Project.get(id=await gate.a_project(owner))
    busy = True

    async def rename() -> None:
        number = 0
        while busy:
            number += 1
            act = projects.update_project
            await perform(gate.home.world, SYSTEM, act, project.id, {"title": str(number)})

    renaming = asyncio.create_task(rename())
    async with a_socket(gate, token) as socket:
        for op in "abc":
            await socket.subscribe(LIVE, op, id=project.id)
        await socket.data("a")
        await gate.do(granting.revoke_token, f"tok_{token.split('_')[1]}")
        revoked = asyncio.get_running_loop().time()
        _, code = await closing(socket)
        took = asyncio.get_running_loop().time() - revoked
    busy = False
    await renaming

    assert code == 4403
    assert took < 2


MULTIPART = 'multipart/mixed;subscriptionSpec="1.0", application/json'


@pytest.mark.parametrize("accepted", ["text/event-stream", MULTIPART], ids=["events", "parts"])
async def test_a_stream_says_why_it_ends(gate: Gate, accepted: str) -> None:
    token = await gate.a_member("Ada")
    body = {"query": LIVE, "variables": {"id": await gate.a_project(token)}}
    headers = {"Authorization": f"Bearer {token}", "Accept": accepted}
    told = ""
    async with gate.http.stream("POST", gate.url, json=body, headers=headers) as answer:
        async for chunk in answer.aiter_text():
            if "liveProject" in chunk:
                await gate.do(granting.revoke_token, f"tok_{token.split('_')[1]}")
            told += chunk

    assert told.count("UNAUTHENTICATED") == 1
    if accepted == MULTIPART:
        part = told.split("\r\n--graphql")[-2].partition("\r\n\r\n")[2]
        assert json.loads(part)["payload"] is None
        assert json.loads(part)["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


async def test_access_that_ends_while_somebody_comes_in_is_noticed(gate: Gate) -> None:
    """Between being recognized and being watched there is a moment."""
    token = await gate.a_member("Bea", EDITOR)
    async with a_socket(gate, await gate.a_member("Ada")):  # so that the watch runs already
        await asyncio.sleep(0.1)
        async with a_socket(gate, token) as socket:
            # as if it had been committed before the look that saw the newest revision
            await ApiToken.filter(id=f"tok_{token.split('_')[1]}").delete()
            assert (await closing(socket))[1] == 4403


async def test_an_invitation_makes_a_member_of_who_has_its_code(gate: Gate) -> None:
    owner = await gate.a_member("Ada")
    client = await Client.get(slug="acme")
    given = {"clientSlug": "acme", "role": "EDITOR", "idempotencyKey": "once"}
    first = (await gate.ask(owner, INVITE, input=given)).json()["data"]["inviteMember"]
    again = (await gate.ask(owner, INVITE, input=given)).json()["data"]["inviteMember"]
    token = gate.provider.token("bea", name="Bea")

    answer = (await gate.ask(token, ACCEPT, code=first["code"])).json()
    twice = (await gate.ask(gate.provider.token("cy"), ACCEPT, code=first["code"])).json()
    seen = (await gate.ask(token, MEMBERS, id=client.id)).json()

    assert again == {"code": None, "invitation": first["invitation"]}
    assert answer["data"]["acceptInvitation"] == {"role": "EDITOR", "user": {"name": "Bea"}}
    assert twice["errors"][0]["extensions"] == {"code": "NOT_FOUND", "field": "code"}
    assert seen["data"]["node"] == {
        "members": [
            {"role": "OWNER", "user": {"name": "Ada"}},
            {"role": "EDITOR", "user": {"name": "Bea"}},
        ],
        "invitations": None,
    }
