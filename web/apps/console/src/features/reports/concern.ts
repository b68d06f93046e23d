const CONCERNS = [
  "opened",
  "packaging",
  "code_copied",
  "code_unreadable",
  "contents",
  "unwell",
  "other",
] as const;

/** Whether we have words for a concern; a newer server may know more of them. */
export function isConcern(concern: string): concern is (typeof CONCERNS)[number] {
  return CONCERNS.some((known) => known === concern);
}
