import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The server serves what is built here; storyreel/graphiql/__init__.py knows both addresses.
export default defineConfig({
  plugins: [react()],
  base: "/graphql/",
  worker: { format: "es" },
  html: { cspNonce: "NONCE" },
  build: {
    outDir: "../../storyreel/graphiql/bundle",
    emptyOutDir: true,
    assetsInlineLimit: 0,  // no data: fonts or scripts for the policy to allow
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 5000,
  },
});
