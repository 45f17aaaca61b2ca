import { createClient } from "graphql-sse";
import { cuttable, run, scenario } from "./scenario.mjs";

const [url, metrics] = process.argv.slice(2);
const line = cuttable();
const client = createClient({ url, retry: async () => {}, fetchFn: line.through });

function follow(query, variables, sink) {
  return client.subscribe({ query, variables }, sink);
}

function request(query, variables) {
  return new Promise((resolve, reject) => {
    let answer;
    follow(query, variables, {
      next: (found) => (answer = found),
      error: reject,
      complete: () => resolve(answer),
    });
  });
}

await run(scenario({ request, follow, cut: line.cut }, metrics));
