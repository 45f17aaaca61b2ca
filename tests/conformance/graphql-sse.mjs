import { createClient } from "graphql-sse";
import { run, scenario } from "./scenario.mjs";

const [url, metrics] = process.argv.slice(2);
const client = createClient({ url, retryAttempts: 0 });

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

await run(scenario({ request, follow }, metrics));
