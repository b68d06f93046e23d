/** The worker that reads codes: ZXing in WebAssembly, fetched from our own origin. */
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import wasm from "zxing-wasm/reader/zxing_reader.wasm?url";
import type { Answer } from "./reader";

addEventListener("message", async ({ data }: MessageEvent<ImageData>) => {
  const [found] = await readBarcodes(data, {
    formats: ["QRCode", "DataMatrix", "EAN13", "EAN8", "UPCA", "UPCE"],
    maxNumberOfSymbols: 1,
    textMode: "HRI", // element strings as (01)…(21)…
    tryHarder: true,
  });
  answer({ ready: false, found: found && { text: found.text, format: found.format } });
});

async function start(): Promise<void> {
  await prepareZXingModule({ overrides: { locateFile: () => wasm }, fireImmediately: true });
  answer({ ready: true });
}

function answer(message: Answer): void {
  postMessage(message);
}

start().catch((error: unknown) => {
  // A rejected promise is no error event in a worker; the page waits for one.
  setTimeout(() => {
    throw error;
  });
});
