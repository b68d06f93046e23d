/** Reads codes from pixels, in a worker, so that the page never stutters. */

export interface Found {
  text: string;
  format: string;
}

export interface Reader {
  /** Read the first code in a picture; undefined when there is none. One picture at a time. */
  read(pixels: ImageData): Promise<Found | undefined>;
}

/** What the worker answers: `ready` once, then one answer for each picture. */
export type Answer = { ready: true } | { ready: false; found: Found | undefined };

/** Start the worker and wait until it can read; rejects when it or its WebAssembly does not load. */
export async function startReader(): Promise<Reader> {
  const worker = new Worker(new URL("./decode.worker.ts", import.meta.url), { name: "decode" });
  await new Promise<void>((ready, failed) => {
    worker.onmessage = () => ready();
    worker.onerror = () => {
      worker.terminate();
      failed(new Error("The reader of codes did not load"));
    };
  });
  return {
    read: (pixels) =>
      new Promise((done) => {
        worker.onmessage = ({ data }: MessageEvent<Answer>) => done(data.ready ? undefined : data.found);
        worker.postMessage(pixels, [pixels.data.buffer]);
      }),
  };
}
