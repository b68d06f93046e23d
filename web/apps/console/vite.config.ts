import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { compressed } from "../../compressed";

export default defineConfig({
  base: "/console/",
  plugins: [react(), compressed()],
  build: {
    outDir: "../../../src/wuma/_assets/console",
    emptyOutDir: true,
    manifest: true,
    chunkSizeWarningLimit: 600, // kB before compression; tests/entrypoints/test_pages.py weighs what counts
    modulePreload: { polyfill: false },
    target: ["chrome109", "safari16", "firefox115"], // Chrome 109 is the last one for Windows 7, met in factories
    rolldownOptions: {
      output: {
        // What rarely changes stays in the browser's cache when we publish anew.
        codeSplitting: {
          groups: [
            {
              name: "react",
              test: /node_modules[\\/](react|react-dom|react-router|scheduler|@tanstack)[\\/]/,
            },
          ],
        },
      },
    },
  },
  server: { proxy: { "/api": "http://127.0.0.1:8080" } },
});
