// urql over fetch: its subscriptions are server-sent events; and over graphql-ws.
import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { run, scenario } from "./scenario.mjs";

const [url, metrics, transport] = process.argv.slice(2);
const sockets = createClient({ url: url.replace("http", "ws"), webSocketImpl: WebSocket, lazyCloseTimeout: 500 });
const overSockets = subscriptionExchange({
  enableAllOperations: true,
  forwardSubscription: ({ query, variables }) => ({
    subscribe: (sink) => ({ unsubscribe: sockets.subscribe({ query, variables }, sink) }),
  }),
});
const client = new Client({
  url,
  preferGetMethod: false,
  fetchSubscriptions: transport === "sse",
  exchanges: transport === "sse" ? [fetchExchange] : [overSockets],
});

function result({ data, error }) {
  return { data, errors: error?.graphQLErrors?.length ? error.graphQLErrors : error && [error] };
}

async function request(query, variables) {
  const verb = query.trimStart().startsWith("mutation") ? "mutation" : "query";
  return result(await client[verb](query, variables).toPromise());
}

function follow(query, variables, sink) {
  const { unsubscribe } = client.subscription(query, variables).subscribe((found) => {
    if (found.stale || found.hasNext === false) sink.complete();
    else sink.next(result(found));
  });
  return unsubscribe;
}

await run(scenario({ request, follow }, metrics));
