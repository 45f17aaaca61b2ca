// Apollo Client over multipart HTTP subscriptions, and over graphql-ws.
import { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from "@apollo/client/core/index.js";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions/index.js";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { run, scenario } from "./scenario.mjs";

globalThis.WebSocket ??= WebSocket; // Apollo Client asks for it by this name
const [url, metrics, transport] = process.argv.slice(2);
const http = new HttpLink({ uri: url });
const socket = { url: url.replace("http", "ws"), webSocketImpl: WebSocket, lazyCloseTimeout: 500 };
const sockets = new GraphQLWsLink(createClient(socket));
const client = new ApolloClient({
  cache: new InMemoryCache(),
  link: transport === "http" ? http : sockets,
  defaultOptions: {
    query: { errorPolicy: "all", fetchPolicy: "no-cache" },
    mutate: { errorPolicy: "all", fetchPolicy: "no-cache" },
  },
});

function result({ data, error }) {
  if (error && !CombinedGraphQLErrors.is(error)) throw error;
  return { data, errors: error?.errors };
}

async function request(query, variables) {
  const document = gql(query);
  const mutation = document.definitions[0].operation === "mutation";
  return result(await (mutation ? client.mutate({ mutation: document, variables }) : client.query({ query: document, variables })));
}

function follow(query, variables, sink) {
  const found = client.subscribe({ query: gql(query), variables, fetchPolicy: "no-cache" });
  const subscription = found.subscribe({ ...sink, next: (told) => sink.next(result(told)) });
  return () => subscription.unsubscribe();
}

await run(scenario({ request, follow }, metrics));
