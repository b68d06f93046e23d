/** Scanning from the entrance: the buttons are here, the reader of codes is fetched when one is tapped. */
import { epochsIn } from "./alphabet";
import { drawn, openPhoto } from "./photo";
import type { Found, Reader } from "./reader";
import { part, say } from "./said";
import { type Ours, understand } from "./scanned";

const FRAME_SIDE_MAX = 800; // a code that fills a third of it has 8 pixels a module
const PHOTO_SIDE_MAX = 2000;

export function offerScanner(section: HTMLElement): void {
  const video = part<HTMLVideoElement>(section, "video");
  const viewfinder = part<HTMLElement>(section, ".viewfinder");
  const buttons = part<HTMLElement>(section, ".buttons");
  const start = part<HTMLButtonElement>(section, "[data-camera]");
  const stop = part<HTMLButtonElement>(section, "[data-stop]");
  const photo = part<HTMLInputElement>(section, "[data-photo]");
  const status = part<HTMLElement>(section, "[role=status]");
  const ours: Ours = {
    hosts: new Set([location.host, section.dataset.host ?? location.host]),
    epochs: epochsIn(section.dataset.epochs),
  };
  let camera: MediaStream | undefined;

  part<HTMLElement>(section, "[data-without-script]").hidden = true;
  buttons.hidden = false;
  // Many browsers inside of other apps have no camera for pages; a photo works everywhere.
  start.hidden = navigator.mediaDevices?.getUserMedia === undefined;
  start.addEventListener("click", () => void watch());
  stop.addEventListener("click", close);
  photo.addEventListener("change", () => void readPhoto());
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) close();
  });

  async function watch(): Promise<void> {
    start.disabled = true;
    say(status, "loading");
    try {
      camera = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } },
      });
    } catch (error) {
      start.disabled = false;
      say(status, error instanceof DOMException && error.name === "NotAllowedError" ? "denied" : "noCamera");
      return;
    }
    const reader = await readyReader();
    if (reader === undefined) {
      close();
      say(status, "failed");
      return;
    }
    start.hidden = true;
    stop.hidden = viewfinder.hidden = false;
    video.srcObject = camera;
    await video.play();
    say(status, "aim");
    await readFrames(reader, camera);
  }

  /** Read one frame after the other until a code of ours is seen or the camera is closed. */
  async function readFrames(reader: Reader, watched: MediaStream): Promise<void> {
    const canvas = document.createElement("canvas");
    let told = "";
    while (camera === watched) {
      const frame = middleOf(video, canvas);
      const found = frame && (await reader.read(frame));
      if (camera !== watched) return;
      if (found && found.text !== told) {
        told = found.text; // what is no code of ours is told once, not thirty times a second
        if (tell(found)) return;
      }
      await new Promise(requestAnimationFrame);
    }
  }

  async function readPhoto(): Promise<void> {
    const file = photo.files?.[0];
    if (file === undefined) return;
    close();
    say(status, "loading");
    const picture = await openPhoto(file).catch(() => undefined);
    photo.value = ""; // so that the same photo can be chosen once more
    if (picture === undefined) {
      say(status, "unreadable");
      return;
    }
    const reader = await readyReader();
    if (reader === undefined) {
      say(status, "failed");
      return;
    }
    const canvas = drawn(picture, PHOTO_SIDE_MAX);
    const pixels = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height);
    const found = pixels && (await reader.read(pixels));
    if (found) tell(found);
    else say(status, "nothing");
  }

  /** Go where a code of ours leads, or say what else it is; whether we are going. */
  function tell(found: Found): boolean {
    const scanned = understand(found.text, found.format, ours);
    if (scanned.kind !== "ours") {
      say(status, scanned.kind, { ...scanned });
      return false;
    }
    close();
    say(status, "going");
    location.assign(`${scanned.path}?lang=${section.dataset.lang}`);
    return true;
  }

  function close(): void {
    for (const track of camera?.getTracks() ?? []) track.stop();
    if (camera !== undefined) status.textContent = "";
    camera = undefined;
    video.srcObject = null;
    start.disabled = false;
    start.hidden = navigator.mediaDevices?.getUserMedia === undefined;
    stop.hidden = viewfinder.hidden = true;
  }
}

let reader: Promise<Reader> | undefined;

/** Return the reader of codes, fetched on the first call; undefined when it does not load, and tried again. */
async function readyReader(): Promise<Reader | undefined> {
  reader ??= import("./reader").then(({ startReader }) => startReader());
  try {
    return await reader;
  } catch {
    reader = undefined;
    return undefined;
  }
}

/** The square in the middle of what the camera sees now: it is what the page shows. */
function middleOf(video: HTMLVideoElement, canvas: HTMLCanvasElement): ImageData | undefined {
  const side = Math.min(video.videoWidth, video.videoHeight);
  if (side === 0) return undefined;
  const pixels = Math.min(side, FRAME_SIDE_MAX);
  canvas.width = canvas.height = pixels;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const [left, top] = [(video.videoWidth - side) / 2, (video.videoHeight - side) / 2];
  context?.drawImage(video, left, top, side, side, 0, 0, pixels, pixels);
  return context?.getImageData(0, 0, pixels, pixels);
}
