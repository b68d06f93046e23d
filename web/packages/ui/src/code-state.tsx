import type { CodeState } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { words } from "./code-state-words";
import { Status, type Tone } from "./status";

/** The states of a code in the order of its life. */
export const CODE_STATES = [
  "allocated",
  "encoded",
  "commissioned",
  "sampled",
  "scrapped",
  "destroyed",
  "void",
] as const satisfies readonly CodeState[];

const TONES: Record<CodeState, Tone> = {
  allocated: "quiet",
  encoded: "busy",
  commissioned: "good",
  sampled: "quiet",
  scrapped: "warn",
  destroyed: "warn",
  void: "bad",
};

/** Where in its life a code is. */
export function CodeStateStatus({ state }: { state: CodeState }) {
  const t = useWords(words);
  return <Status tone={TONES[state]}>{t(`state.${state}`)}</Status>;
}

/** Return how to name the states of codes. */
export function useCodeStateName(): (state: CodeState) => string {
  const t = useWords(words);
  return (state) => t(`state.${state}`);
}
