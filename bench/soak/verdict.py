"""What must be true once all is quiet."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from schema.cursor import feed_cursor, sequence_in
from tests.graph.client import of_type

from .client import SoakClient, unsigned
from .tally import Tally
from .wire import over_events

LOG = """subscription($id: ID!, $after: Cursor!) { projectEvents(projectId: $id, after: $after) {
  ... on ProjectChanges { cursor events { cursor kind subjectId changed idempotencyKey } }
  ... on ResyncRequired { cursor reason }
} }"""
ENDED = {"COMPLETE", "FAILED", "CANCELED"}
TOLD = ("cursor", "kind", "subjectId", "changed", "idempotencyKey")
Log = list[dict[str, Any]]


async def log_of(client: SoakClient, head: str) -> Log:
    """Every event of the client's project up to `head`, read by a newcomer."""
    project, events = client.copy.project_id, Log()
    variables = {"id": project, "after": feed_cursor(project, 0)}
    frames = over_events(client.http, client.urls[0], LOG, variables)
    async for frame in frames:
        events += frame["events"]
        if frame["cursor"] == head:
            break
    await frames.aclose()
    return events


def judge_log(log: Log, project: str, tally: Tally) -> None:
    """Numbered without gaps; nothing under one key twice."""
    numbers = [sequence_in(event["cursor"], project) for event in log]
    if numbers != list(range(1, len(log) + 1)):
        tally.find(f"The log of {project} is not numbered 1 to {len(log)}.")
    tally.counts["events in the logs"] += len(log)


def judge_keys(logs: list[Log], tally: Tally) -> None:
    """What was asked under a key, however often, was created once."""
    created: dict[str, Counter[str]] = defaultdict(Counter)
    for log in logs:
        for event in log:
            if event["kind"] == "CREATED" and event["idempotencyKey"]:
                prefix = event["subjectId"].split("_")[0]
                created[event["idempotencyKey"]][prefix] += 1
    for key, (prefix, counts) in tally.keyed.items():
        if created[key][prefix] not in counts:
            tally.find(f"Key {key} created {created[key][prefix]} of {prefix}, not {counts}.")
    tally.counts["keyed requests"] = len(tally.keyed)


def judge_follower(client: SoakClient, log: Log, tally: Tally) -> None:
    """What it was told is the log between its first and its last cursor: each event once."""
    project = client.copy.project_id
    first, last = (sequence_in(at, project) for at in (client.start, client.copy.cursor))
    told = [{name: event[name] for name in TOLD} for event in client.copy.events]
    if told == log[first:last]:
        return
    numbers = Counter(sequence_in(event["cursor"], project) for event in told)
    lost = [n for n in range(first + 1, last + 1) if n not in numbers]
    doubled = [n for n, times in numbers.items() if times > 1]
    tally.find(
        f"{client.name} was told another story between {first} and {last}: lost {lost[:9]}, "
        f"doubled {doubled[:9]}, {len(told)} events in all."
    )


async def judge_cache(client: SoakClient, tally: Tally) -> None:
    """What it made of the events is what a query says."""
    _, fresh = await client.fetch()
    shown = client.copy.shown()
    if unsigned(shown) == unsigned(fresh):
        return
    differing = {
        row_id: (shown.get(row_id), fresh.get(row_id))
        for row_id in shown.keys() | fresh.keys()
        if unsigned(shown.get(row_id)) != unsigned(fresh.get(row_id))
    }
    row_id, (own, theirs) = next(iter(differing.items()))
    names = [
        n for n in {*(own or {}), *(theirs or {})} if (own or {}).get(n) != (theirs or {}).get(n)
    ]
    tally.find(f"{client.name} shows {len(differing)} things as they are not: {row_id}, {names}")


def judge_jobs(client: SoakClient, log: Log, tally: Tally) -> None:
    """Each job ended, and was told to have ended, exactly once; each picture came once."""
    jobs = {job["id"]: job for job in of_type(client.copy.cache, "Job")}
    ends: Counter[str] = Counter()
    pictures: Counter[str] = Counter()
    for event in log:
        ends[event["subjectId"]] += "finishedAt" in event["changed"]
        pictures[event["subjectId"]] += {"imageUrl", "blurhash"} <= set(event["changed"])
    for job_id, job in jobs.items():
        tally.counts[f"jobs {job['status']}"] += 1
        error = job["error"] or {}
        if error:
            tally.counts[f"jobs {error['code']}"] += 1
        if job["status"] not in ENDED or error.get("code") == "INTERNAL":
            tally.find(f"{job_id} is {job['status']}: {error}")
        if ends[job_id] != 1:
            tally.find(f"{job_id} ended {ends[job_id]} times.")
    for row_id, times in pictures.items():
        if times > 1:
            tally.find(f"{row_id} was made {times} times.")
