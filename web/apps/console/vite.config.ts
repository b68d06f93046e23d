import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const COMPRESSED_BYTES_MIN = 1024; // below that the headers outweigh the gain

export default defineConfig({
  base: "/console/",
  plugins: [react(), compressed()],
  build: {
    outDir: "../../../src/wuma/_assets/console",
    emptyOutDir: true,
    manifest: true,
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

/** Write each file compressed beside itself, so that the server compresses nothing. */
function compressed(): Plugin {
  return {
    name: "wuma-compressed",
    apply: "build",
    enforce: "post",
    async generateBundle(_options, bundle) {
      for (const [fileName, file] of Object.entries(bundle)) {
        if (!/\.(js|css|svg)$/.test(fileName)) continue;
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
