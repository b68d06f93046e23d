import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
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

/** Write each file compressed beside itself, so that the server compresses nothing. */
function compressed(): Plugin {
  return {
    name: "wuma-compressed",
    apply: "build",
    async writeBundle({ dir = "" }, bundle) {
      const names = Object.keys(bundle).filter((name) => /\.(js|css|svg)$/.test(name));
      await Promise.all(names.map((name) => compressFile(join(dir, name))));
    },
  };
}

async function compressFile(path: string): Promise<void> {
  const source = await readFile(path);
  if (source.length < COMPRESSED_BYTES_MIN) return;
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
  await Promise.all([
    promisify(gzip)(source, { level: 9 }).then((bytes) => writeFile(`${path}.gz`, bytes)),
    promisify(brotliCompress)(source, quality).then((bytes) => writeFile(`${path}.br`, bytes)),
  ]);
}
