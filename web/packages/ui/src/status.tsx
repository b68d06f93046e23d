import type { ReactNode } from "react";

/** What a state means to the reader; the colour is never the only sign of it. */
export type Tone = "good" | "bad" | "warn" | "busy" | "quiet";

export function Status({ tone, children }: { tone: Tone; children: ReactNode }) {
  return <span className={`wm-status wm-${tone}`}>{children}</span>;
}
