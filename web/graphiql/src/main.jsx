import "./nonce.js";
import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./house.css";

import { explorerPlugin } from "@graphiql/plugin-explorer";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { createRoot } from "react-dom/client";

import { fetcher } from "./fetcher.js";

const documents = import.meta.glob("../tabs/*.graphql", { query: "?raw", import: "default", eager: true });
const variables = import.meta.glob("../tabs/*.json", { query: "?raw", import: "default", eager: true });
const tabs = Object.keys(documents)
  .sort()
  .map((path) => ({ query: documents[path], variables: variables[path.replace(".graphql", ".json")] }));

// Names of its own: other servers that had this address before may have left a GraphiQL's tabs here.
const own = (name) => `storyreel:${name}`;
const storage = {
  getItem: (name) => localStorage.getItem(own(name)),
  setItem: (name, value) => localStorage.setItem(own(name), value),
  removeItem: (name) => localStorage.removeItem(own(name)),
  clear: () => Object.keys(localStorage).filter((name) => name.startsWith(own(""))).forEach((name) => localStorage.removeItem(name)),
  get length() {
    return localStorage.length;
  },
};

// GraphiQL itself would leave the variables of the tab that is open first out of their editor.
const kept = JSON.parse(storage.getItem("graphiql:tabState"));
const shown = kept?.tabs[kept.activeTabIndex] ?? tabs[0];

createRoot(document.getElementById("app")).render(
  <GraphiQL
    fetcher={fetcher}
    storage={storage}
    defaultTabs={tabs}
    initialQuery={shown.query ?? ""}
    initialVariables={shown.variables ?? ""}
    defaultEditorToolsVisibility="variables"
    plugins={[HISTORY_PLUGIN, explorerPlugin()]}
    shouldPersistHeaders={false}
    showPersistHeadersSettings={false}
  >
    <GraphiQL.Logo>Storyreel</GraphiQL.Logo>
  </GraphiQL>,
);
