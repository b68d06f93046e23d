import type { CodeSpan, Positions } from "@wuma/api-client";

/** The fields of `WantedFields`, as the form has them. */
export interface Wanted {
  by: "positions" | "span" | "codes";
  orderId?: number;
  first?: number;
  last?: number | null;
  firstCode?: string;
  lastCode?: string;
  codes?: string;
}

/** The part of a request's body that says which codes are meant. */
export function wantedBody(wanted: Wanted): {
  positions?: Positions[];
  spans?: CodeSpan[];
  codes?: string[];
} {
  switch (wanted.by) {
    case "positions": {
      const { orderId = 0, first = 1, last = null } = wanted;
      return { positions: [{ order_id: orderId, first, last }] };
    }
    case "span": {
      const { firstCode = "", lastCode = "" } = wanted;
      return { spans: [{ first: firstCode.trim(), last: lastCode.trim() }] };
    }
    case "codes":
      return { codes: linesOf(wanted.codes ?? "") };
  }
}

/** One code a line, as a hand scanner types them; empty lines and codes scanned twice count once. */
function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return [...new Set(lines.filter((line) => line !== ""))];
}
