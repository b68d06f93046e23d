/** One thing wrong with the input, as the server tells it: where, what was expected, what came. */
export interface FieldFault {
  at: string;
  expected: string;
  got: string;
}

/**
 * A problem document (RFC 9457): what every refused request becomes.
 *
 * `slug` is the stable last part of the type; pages decide by it and never by the text. A server that could
 * not be reached gets the slug `unreachable`, and an answer that is no problem document `unreadable`.
 */
export class Problem extends Error {
  readonly slug: string;
  readonly title: string;
  readonly detail: string;
  readonly status: number;
  readonly faults: readonly FieldFault[];
  readonly members: Readonly<Record<string, unknown>>;

  constructor(document: Record<string, unknown>, status: number) {
    const text = (value: unknown) => (typeof value === "string" ? value : "");
    super(text(document.title) || `HTTP ${status}`);
    this.name = "Problem";
    this.slug = text(document.type).split(":").at(-1) || "unreadable";
    this.title = text(document.title);
    this.detail = text(document.detail);
    this.status = status;
    this.faults = Array.isArray(document.errors) ? document.errors.filter(isFault) : [];
    this.members = document;
  }

  /** The field of a form that a fault speaks of: `/body/name` and `/name` are both `name`. */
  static fieldOf(fault: FieldFault): string[] {
    const parts = fault.at.split("/").filter((part) => part !== "");
    if (parts[0] === "body") parts.shift();
    return parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  }
}

/** Read the problem document of a refused request. */
export async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text();
  try {
    const document: unknown = JSON.parse(text);
    if (isRecord(document)) return new Problem(document, response.status);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error; // a proxy answered with a page of its own
  }
  return new Problem({ type: "urn:wuma:problem:unreadable", detail: response.statusText }, response.status);
}

/** The problem of a request that no server answered. */
export function unreachable(cause: unknown): Problem {
  return new Problem({ type: "urn:wuma:problem:unreachable", detail: String(cause) }, 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isFault(value: unknown): value is FieldFault {
  return isRecord(value) && ["at", "expected", "got"].every((name) => typeof value[name] === "string");
}
