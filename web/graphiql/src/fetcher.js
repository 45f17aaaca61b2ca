// Queries and mutations by POST, subscriptions over a WebSocket to the same address.

import { createClient } from "graphql-ws";

import { filled, remember } from "./newest.js";

const url = new URL("/graphql", location.href);

const HOW = 'Write {"Authorization": "Bearer <token>"} in the header editor, then fetch the schema again.';
const NOT_ADMITTED = [4401, 4403]; // the same headers would be refused again

async function post(request, headers) {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/graphql-response+json, application/json;q=0.9",
      ...headers,
    },
    body: JSON.stringify(request),
  });
  const answer = await response.json();
  if (response.status === 401) {
    return { errors: answer.errors.map((error) => ({ ...error, message: `${error.message} ${HOW}` })) };
  }
  remember(answer.data);
  return answer;
}

// A socket for each subscription: its headers are what the header editor says now. A browser sends no
// headers with a WebSocket, so they travel in its first message.
async function* follow(request, headers) {
  const socket = new URL(url);
  socket.protocol = url.protocol.replace("http", "ws");
  const client = createClient({
    url: socket.href,
    connectionParams: headers,
    shouldRetry: (reason) => !NOT_ADMITTED.includes(reason?.code),
  });
  try {
    for await (const answer of client.iterate(request)) {
      remember(answer.data);
      yield answer;
    }
  } catch (reason) {
    if (!NOT_ADMITTED.includes(reason?.code)) throw reason;
    yield { errors: [{ message: `${reason.reason} ${HOW}` }] };
  } finally {
    await client.dispose();
  }
}

export function fetcher({ query, variables, operationName }, { headers, documentAST } = {}) {
  const request = { query, operationName, variables: filled(variables) };
  const operation = documentAST?.definitions.find(
    (node) => node.kind === "OperationDefinition" && (!operationName || node.name?.value === operationName),
  );
  return operation?.operation === "subscription" ? follow(request, headers) : post(request, headers);
}
