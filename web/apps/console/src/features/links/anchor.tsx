import { Code } from "@wuma/ui";

/** Where the page of an anchor is. */
export function anchorPath(anchor: string): string {
  return `/links/anchor?path=${encodeURIComponent(anchor)}`;
}

/**
 * An anchor as people write element strings: `/01/06901234567892/10/L7` is (01)06901234567892 (10)L7.
 */
export function bracketed(anchor: string): string {
  const segments = anchor.split("/").slice(1);
  const pairs: string[] = [];
  for (let place = 0; place < segments.length; place += 2) {
    pairs.push(`(${segments[place]})${decoded(segments[place + 1] ?? "")}`);
  }
  return pairs.join(" ");
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

export function AnchorCode({ anchor }: { anchor: string }) {
  return <Code value={anchor}>{bracketed(anchor)}</Code>;
}
