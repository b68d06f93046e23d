/**
 * The scripts of the phone pages. The pages are made by the server and are whole without any of this.
 *
 * `page` is what a page loads; the scanner comes when somebody taps for it; `open-hidden` keeps its name,
 * because the server puts its text into the page itself.
 */
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const COMPRESSED_BYTES_MIN = 1024; // below that the headers outweigh the gain

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

/** Write each file compressed beside itself, so that the server compresses nothing. */
function compressed(): Plugin {
  return {
    name: "wuma-compressed",
    apply: "build",
    enforce: "post",
    async generateBundle(_options, bundle) {
      for (const [fileName, file] of Object.entries(bundle)) {
        if (!/\.(js|wasm)$/.test(fileName)) continue;
        const source = Buffer.from(file.type === "chunk" ? file.code : file.source);
        if (source.length < COMPRESSED_BYTES_MIN) continue;
        const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
        const [gz, br] = await Promise.all([
          promisify(gzip)(source, { level: 9 }),
          promisify(brotliCompress)(source, quality),
        ]);
        this.emitFile({ type: "asset", fileName: `${fileName}.gz`, source: gz });
        this.emitFile({ type: "asset", fileName: `${fileName}.br`, source: br });
      }
    },
  };
}
