// Each audit of the GraphQL-over-HTTP specification.
import { serverAudits } from "graphql-http";
import assert from "node:assert/strict";
import { run } from "./scenario.mjs";

const [url] = process.argv.slice(2);
const audits = serverAudits({ url, fetchFn: fetch });

await run(
  Object.fromEntries(
    audits.map(({ id, name, fn }) => [
      `${id} ${name}`,
      async () => {
        const { status, reason } = await fn();
        assert.equal(status, "ok", reason);
      },
    ]),
  ),
);
