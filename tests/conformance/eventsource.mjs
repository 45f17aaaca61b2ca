// What every browser has: EventSource comes back by itself, with the last id it saw.
import { EventSource } from "eventsource";
import assert from "node:assert/strict";
import { EVENTS, created, cuttable, renamed, run, until } from "./scenario.mjs";

const [url] = process.argv.slice(2);

async function request(query, variables) {
  const headers = { "content-type": "application/json" };
  return (await fetch(url, { method: "POST", headers, body: JSON.stringify({ query, variables }) })).json();
}

await run({
  async "a broken stream goes on after the last event seen"() {
    const id = await created(request);
    const line = cuttable();
    const params = new URLSearchParams({ query: EVENTS, variables: JSON.stringify({ id }) });
    const source = new EventSource(`${url}?${params}`, { fetch: line.through });
    const seen = [];
    source.addEventListener("next", ({ data, lastEventId }) => {
      const { events, cursor } = JSON.parse(data).data.projectEvents;
      assert.equal(lastEventId, cursor);
      seen.push(...events.map((event) => event.cursor));
    });
    await new Promise((resolve) => (source.onopen = resolve));
    let number = 0;
    await until(async () => {
      await renamed(request, id, `First ${(number += 1)}`);
      return seen.length > 0;
    });
    line.cut();
    await renamed(request, id, "While nobody listened");
    await until(async () => line.asked.length > 1);
    const { cursor } = await renamed(request, id, "The last");
    await until(async () => seen.includes(cursor));
    source.close();
    assert.ok(line.asked[1]);
    assert.equal(new Set(seen).size, seen.length);
    const places = seen.map((one) => JSON.parse(atob(one.replaceAll("-", "+").replaceAll("_", "/")))[1]);
    assert.deepEqual(places, places.map((_, index) => places[0] + index));
  },
});
