/**
 * Codes as people type them: the same rules as the server's, so that a phone knows a typing error at once.
 *
 * Taken as numbers of GF(32), the characters of a code satisfy one equation whose result is the epoch of its
 * keys. A wrong character gives another epoch, and few of the 32 were ever opened.
 */

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LOOKALIKES: Record<string, string> = { O: "0", I: "1", L: "1" };
/** Spaces, hyphens and what phones make of them, and what messengers put invisibly into copied text. */
const SEPARATORS = /[\s\u00a0\u3000\-‐‑‒–—―−_·\u00ad\u200b-\u200d\u2060\ufeff]/g;
const FULL_WIDTH = /[\uff01-\uff5e]/g;
const FULL_WIDTH_OFFSET = 0xfee0;
const MODULUS = 0b100101; // x⁵ + x² + 1

export const SHORT_CHARACTERS = 16;
export const LONG_CHARACTERS = 27;
const GROUP_CHARACTERS = 4;

/** What somebody has typed so far. */
export type Typed =
  | { state: "character"; character: string }
  | { state: "missing"; missing: number }
  | { state: "tooLong"; extra: number }
  | { state: "mistyped"; code: string }
  | { state: "complete"; code: string };

/** Spell a text as codes are printed; characters that no code has are kept, for the person to see. */
export function spelled(text: string): string {
  return text
    .replace(FULL_WIDTH, (character) => String.fromCharCode(character.charCodeAt(0) - FULL_WIDTH_OFFSET))
    .replace(SEPARATORS, "")
    .replace(/[a-z]/g, (character) => character.toUpperCase())
    .replace(/[OIL]/g, (character) => LOOKALIKES[character] ?? character);
}

/** Say what a text is as a code of 16 characters. */
export function readTyped(text: string, epochs: ReadonlySet<number>): Typed {
  const code = spelled(text);
  const stranger = [...code].find((character) => !ALPHABET.includes(character));
  if (stranger !== undefined) return { state: "character", character: stranger };
  if (code.length < SHORT_CHARACTERS) return { state: "missing", missing: SHORT_CHARACTERS - code.length };
  if (code.length > SHORT_CHARACTERS) return { state: "tooLong", extra: code.length - SHORT_CHARACTERS };
  return { state: epochs.has(epochOf(code)) ? "complete" : "mistyped", code };
}

/** Whether a text that was read by a camera is one of our codes, as far as its characters tell. */
export function isCode(text: string, epochs: ReadonlySet<number>): boolean {
  const ours = [...text].every((character) => ALPHABET.includes(character));
  return (
    ours && (text.length === SHORT_CHARACTERS || text.length === LONG_CHARACTERS) && epochs.has(epochOf(text))
  );
}

/** The epoch that a canonical text names, by Horner's rule from its last character to its first. */
export function epochOf(code: string): number {
  let epoch = 0;
  for (let place = code.length - 1; place >= 0; place--) {
    epoch = (epoch << 1) ^ ((epoch >> 4) * MODULUS) ^ ALPHABET.indexOf(code.charAt(place));
  }
  return epoch;
}

/** A code as it is printed for people, in groups of four. */
export function grouped(code: string): string {
  return (code.match(new RegExp(`.{1,${GROUP_CHARACTERS}}`, "gu")) ?? []).join("-");
}

/** The epochs that the page was given, as numbers with spaces between. */
export function epochsIn(text: string | undefined): ReadonlySet<number> {
  return new Set((text ?? "").split(" ").filter(Boolean).map(Number));
}
