import type { EditionView, LinkBody } from "@wuma/api-client";

/** The edition in effect: of those whose time has come and that were not taken back, the latest. */
export function inEffect(editions: EditionView[], at = Date.now()): EditionView | undefined {
  return editions
    .filter((edition) => edition.withdrawn_at === null && Date.parse(edition.effective_at) <= at)
    .sort(
      (one, other) =>
        Date.parse(other.effective_at) - Date.parse(one.effective_at) || other.number - one.number,
    )[0];
}

/** The editions that are to come, the next one first. */
export function toCome(editions: EditionView[], at = Date.now()): EditionView[] {
  return editions
    .filter((edition) => edition.withdrawn_at === null && Date.parse(edition.effective_at) > at)
    .sort((one, other) => Date.parse(one.effective_at) - Date.parse(other.effective_at));
}

export interface Change {
  /** What the link is meant for; unique among the changes of an edition. */
  key: string;
  kind: "added" | "removed" | "modified";
  title: string;
}

/** What an edition changed: links are the same when they are meant for the same. */
export function changes(before: LinkBody[], after: LinkBody[]): Change[] {
  const earlier = new Map(before.map((link) => [meantFor(link), link]));
  const later = new Map(after.map((link) => [meantFor(link), link]));
  const told: Change[] = [];
  for (const [key, link] of later) {
    const was = earlier.get(key);
    if (was === undefined) told.push({ key, kind: "added", title: link.title });
    else if (whole(was) !== whole(link)) told.push({ key, kind: "modified", title: link.title });
  }
  for (const [key, link] of earlier) {
    if (!later.has(key)) told.push({ key, kind: "removed", title: link.title });
  }
  return told;
}

function meantFor(link: LinkBody): string {
  return JSON.stringify([link.link_type, link.languages, link.media_type, link.contexts]);
}

function whole(link: LinkBody): string {
  return JSON.stringify([link.href, link.title, link.is_default, link.forwards_query]);
}
