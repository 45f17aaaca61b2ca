import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { run, scenario } from "./scenario.mjs";

const [url, metrics] = process.argv.slice(2);
let socket;
const client = createClient({
  url: url.replace("http", "ws"),
  webSocketImpl: WebSocket,
  retryWait: async () => {},
  on: { connected: (opened) => (socket = opened) },
});

function follow(query, variables, sink) {
  return client.subscribe({ query, variables }, sink);
}

function request(query, variables) {
  return new Promise((resolve) => {
    let answer;
    follow(query, variables, {
      next: (found) => (answer = found),
      error: (errors) => resolve({ errors }),
      complete: () => resolve(answer),
    });
  });
}

await run(scenario({ request, follow, cut: () => socket.terminate() }, metrics));
