// What every client must be able to do with a running server. An adapter is
//   { request(query, variables) -> {data, errors}, follow(query, variables, sink) -> stop, cut? }
// where sink = { next({data, errors}), error(problem), complete() }, and `cut` breaks the connection of a
// client that makes it anew by itself, with the variables as they are by then. Who sends single requests over
// graphql-ws gives it a lazyCloseTimeout: it never answers one that begins while its last socket closes.
import assert from "node:assert/strict";

const CREATE = `mutation Create($input: CreateProjectInput!) { createProject(input: $input) { id cursor } }`;
const RENAME = `mutation Rename($id: ID!, $title: String!) {
  updateProject(id: $id, patch: { title: $title }) { __typename ... on Project { id title cursor } }
}`;
const DELETE = `mutation Delete($id: ID!) { deleteProject(id: $id) { id deleted } }`;
const TITLE = `query Title($id: ID!) { project(id: $id) { id title } }`;
const EVENTS = `subscription Events($id: ID!, $after: Cursor) {
  projectEvents(projectId: $id, after: $after) {
    __typename
    ... on ProjectChanges { cursor events { __typename cursor kind changed } }
  }
}`;
const LIVE = `subscription Live($id: ID!) { liveProject(id: $id) { id title } }`;
const NOWHERE = "prj_01h455vb4pex5vsknk084sn02q";
const PATIENCE_MS = 10_000;

/** The checks by name; each prints as soon as it is known how it ended. */
export async function run(checks) {
  let failures = 0;
  for (const [name, check] of Object.entries(checks)) {
    let problem = null;
    try {
      await soon(check(), name);
    } catch (failure) {
      problem = String(failure?.stack ?? JSON.stringify(failure));
      failures += 1;
    }
    console.log(JSON.stringify({ name, problem }));
  }
  process.exit(failures ? 1 : 0);
}

export function scenario({ request, follow, cut }, metrics) {
  return {
    ...(cut && resumption({ request, follow, cut })),
    async "a query and a mutation answer"() {
      const id = await created(request);
      assert.equal((await renamed(request, id, "Two")).title, "Two");
      assert.deepEqual((await request(TITLE, { id })).data.project.title, "Two");
    },
    async "what is missing is null and no error"() {
      const answer = await request(TITLE, { id: NOWHERE });
      assert.equal(answer.data.project, null);
      assert.equal(answer.errors, undefined);
    },
    async "a refused mutation has a code"() {
      const { errors } = await request(DELETE, { id: NOWHERE });
      assert.equal(errors[0].extensions.code, "NOT_FOUND");
    },
    async "a document that is not valid has a code"() {
      const { errors } = await request(`query Odd { nothing }`, {});
      assert.equal(errors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
    },
    async "a live query answers at once and after each change"() {
      const id = await created(request);
      const stream = watch(follow, LIVE, { id });
      assert.equal((await stream.next()).data.liveProject.title, "One");
      await renamed(request, id, "Two");
      assert.equal((await stream.next()).data.liveProject.title, "Two");
      stream.stop();
    },
    async "one bad operation leaves the others alone"() {
      const id = await created(request);
      const stream = watch(follow, LIVE, { id });
      await stream.next();
      const bad = watch(follow, `subscription Bad { nothing }`, {});
      assert.equal((await bad.refusal()).extensions.code, "GRAPHQL_VALIDATION_FAILED");
      await renamed(request, id, "Two");
      assert.equal((await stream.next()).data.liveProject.title, "Two");
      stream.stop();
    },
    async "a refused subscription says why"() {
      const stream = watch(follow, LIVE, { id: NOWHERE });
      assert.equal((await stream.refusal()).extensions.code, "NOT_FOUND");
    },
    async "who comes back with a cursor misses nothing and gets nothing twice"() {
      const id = await created(request);
      const before = (await renamed(request, id, "Two")).cursor;
      const first = watch(follow, EVENTS, { id, after: before });
      await renamed(request, id, "Three");
      const { cursor } = (await first.next()).data.projectEvents;
      first.stop();
      for (const title of ["Four", "Five", "Six"]) await renamed(request, id, title);
      const second = watch(follow, EVENTS, { id, after: cursor });
      const seen = [];
      while (seen.length < 3) seen.push(...(await second.next()).data.projectEvents.events);
      await renamed(request, id, "Seven");
      seen.push(...(await second.next()).data.projectEvents.events);
      assert.equal(seen.length, 4);
      assert.equal(new Set(seen.map((event) => event.cursor)).size, 4);
      second.stop();
    },
    async "a stream ends with what it follows"() {
      const id = await created(request);
      const stream = watch(follow, LIVE, { id });
      await stream.next();
      await request(DELETE, { id });
      await stream.completed();
    },
    async "nobody follows any more after a cancellation"() {
      const id = await created(request);
      const stream = watch(follow, EVENTS, { id });
      await until(async () => (await following(metrics)) > 0);
      stream.stop();
      await until(async () => (await following(metrics)) === 0);
    },
  };
}

function resumption({ request, follow, cut }) {
  return {
    async "a broken connection is made anew and goes on after the last cursor"() {
      const id = await created(request);
      const variables = { id, after: (await renamed(request, id, "Two")).cursor };
      const seen = [];
      const problems = [];
      const next = ({ data }) => {
        variables.after = data.projectEvents.cursor;
        seen.push(...data.projectEvents.events);
      };
      const stop = follow(EVENTS, variables, { next, error: (problem) => problems.push(problem), complete() {} });
      await renamed(request, id, "Three");
      await until(async () => seen.length === 1);
      cut();
      for (const title of ["Four", "Five"]) await renamed(request, id, title);
      await until(async () => seen.length + problems.length >= 3);
      assert.deepEqual(problems, []);
      assert.equal(new Set(seen.map((event) => event.cursor)).size, 3);
      stop();
    },
  };
}

/** The same address through a line that can be cut. */
export function cuttable() {
  const cuts = [];
  const asked = [];
  async function through(address, init) {
    asked.push(new Headers(init.headers).get("Last-Event-ID"));
    const { body, ok, status, headers, url, redirected } = await fetch(address, init);
    const reader = body.getReader();
    const cut = new Promise((resolve) => cuts.push(resolve));
    const rest = new ReadableStream({
      async pull(controller) {
        const found = await Promise.race([reader.read(), cut]);
        if (found?.value) return controller.enqueue(found.value);
        controller.close();
        await reader.cancel();
      },
    });
    return { body: rest, ok, status, headers, url, redirected };
  }
  return { through, asked, cut: () => cuts.forEach((one) => one()) };
}

export async function created(request) {
  const { data } = await request(CREATE, { input: { title: "One", prompt: "A lighthouse" } });
  return data.createProject.id;
}

export async function renamed(request, id, title) {
  const { data } = await request(RENAME, { id, title });
  return data.updateProject;
}

export { EVENTS };

/** A stream to be asked for one thing after another. */
export function watch(follow, query, variables) {
  const queue = [];
  let wake = () => {};
  const put = (kind) => (value) => {
    queue.push({ kind, value });
    wake();
  };
  const take = async (...kinds) => {
    while (!queue.length) await new Promise((resolve) => (wake = resolve));
    const { kind, value } = queue.shift();
    assert.ok(kinds.includes(kind), `${kind} instead of ${kinds}: ${JSON.stringify(value)}`);
    return value;
  };
  const sink = { next: put("next"), error: put("error"), complete: put("complete") };
  const stop = follow(query, variables, sink);
  return {
    stop,
    next: () => take("next"),
    completed: () => take("complete"),
    /** The first error, in whichever of the two ways the client tells it. */
    async refusal() {
      const told = await take("next", "error");
      const [error] = told.errors ?? told.graphQLErrors ?? (Array.isArray(told) ? told : [told]);
      return error;
    },
  };
}

async function following(metrics) {
  const text = await (await fetch(metrics)).text();
  return Number(/^storyreel_subscriptions(?:{[^}]*})? (\S+)$/m.exec(text)[1]);
}

export async function until(holds) {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function soon(promise, name) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name}: not within ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
