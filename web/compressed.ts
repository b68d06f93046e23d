import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin } from "vite";

const BYTES_MIN = 1024; // below that the headers outweigh the gain

/** Write each text of a build compressed beside itself, so that the server compresses nothing. */
export function compressed(): Plugin {
  return {
    name: "wuma-compressed",
    apply: "build",
    // What was written, not what is about to be: Vite still changes scripts when all plugins have had their say.
    async writeBundle({ dir = "" }, bundle) {
      const names = Object.keys(bundle).filter((name) => /\.(js|css|svg|wasm)$/.test(name));
      await Promise.all(names.map((name) => compressFile(join(dir, name))));
    },
  };
}

async function compressFile(path: string): Promise<void> {
  const source = await readFile(path);
  if (source.length < BYTES_MIN) return;
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
  await Promise.all([
    promisify(gzip)(source, { level: 9 }).then((bytes) => writeFile(`${path}.gz`, bytes)),
    promisify(brotliCompress)(source, quality).then((bytes) => writeFile(`${path}.br`, bytes)),
  ]);
}
