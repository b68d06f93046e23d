/**
 * The scripts of the phone pages. The pages are made by the server and are whole without any of this.
 *
 * `page` is what a page loads; the scanner comes when somebody taps for it; `open-hidden` keeps its name,
 * because the server puts its text into the page itself.
 */
import { defineConfig } from "vite";
import { compressed } from "../../compressed";

export default defineConfig({
  base: "/m/assets/",
  plugins: [compressed()],
  build: {
    outDir: "../../../src/wuma/_assets/h5",
    emptyOutDir: true,
    manifest: true,
    modulePreload: false, // its helper would be shared by the entries, and `open-hidden` must stand alone
    target: ["chrome70", "safari13"], // the web view of a phone of 2018 that was never updated
    rolldownOptions: {
      input: { page: "src/page.ts", "open-hidden": "src/open-hidden.ts" },
      output: {
        assetFileNames: "[name]-[hash][extname]",
        chunkFileNames: "[name]-[hash].js",
        entryFileNames: ({ name }) => (name === "open-hidden" ? "[name].js" : "[name]-[hash].js"),
      },
    },
  },
  worker: {
    rolldownOptions: {
      output: { entryFileNames: "[name]-[hash].js", assetFileNames: "[name]-[hash][extname]" },
    },
  },
});
