/** What a scanned text is: one of our codes, or politely something else that we do not open. */
import { isCode, spelled } from "./alphabet";

export type Scanned =
  | { kind: "ours"; path: string }
  | { kind: "product" }
  | { kind: "otherMaker"; host: string }
  | { kind: "web"; host: string }
  | { kind: "text"; text: string };

/** What the page knows of itself: the hosts our codes are printed with, and the epochs of our codes. */
export interface Ours {
  hosts: ReadonlySet<string>;
  epochs: ReadonlySet<number>;
}

const SHOWN_CHARACTERS_MAX = 60;
/** The bar codes at a till. They name a product, not an item. */
const PRODUCT_FORMATS = new Set(["EAN13", "EAN8", "UPCA", "UPCE", "ITF14"]);
const ITEM_PATH = /^\/(01\/\d{8,14}(\/10\/[^/]+)?\/21|h)\/[^/]+\/?$/i;
const PRODUCT_PATH = /(^|\/)01\/\d{8,14}(\/|$)/; // a GS1 Digital Link may stand below any path of its host
const ELEMENTS = /^\(01\)(\d{14})/;
const SERIAL = /\(21\)([^(]{1,20})/;

/** Say what a text is that was read from a symbol of this format. */
export function understand(text: string, format: string, ours: Ours): Scanned {
  if (PRODUCT_FORMATS.has(format)) return { kind: "product" };
  const address = webAddress(text);
  if (address !== undefined) return understandAddress(address, ours);
  const gtin = ELEMENTS.exec(text)?.[1];
  if (gtin !== undefined) {
    const serial = SERIAL.exec(text)?.[1];
    return serial === undefined
      ? { kind: "product" }
      : { kind: "ours", path: `/01/${gtin}/21/${encodeURIComponent(serial)}` };
  }
  const code = spelled(text);
  if (isCode(code, ours.epochs)) return { kind: "ours", path: `/h/${code}` };
  const isLong = text.length > SHOWN_CHARACTERS_MAX;
  return { kind: "text", text: isLong ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text };
}

function understandAddress(address: URL, ours: Ours): Scanned {
  const isOurs = ours.hosts.has(address.host);
  if (isOurs && ITEM_PATH.test(address.pathname)) return { kind: "ours", path: address.pathname };
  if (!PRODUCT_PATH.test(address.pathname)) return { kind: "web", host: address.host };
  return isOurs ? { kind: "product" } : { kind: "otherMaker", host: address.host };
}

function webAddress(text: string): URL | undefined {
  if (!/^https?:\/\//i.test(text)) return undefined;
  try {
    return new URL(text);
  } catch {
    return undefined; // it only looked like one
  }
}
