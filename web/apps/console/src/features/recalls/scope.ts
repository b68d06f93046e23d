import type { PreviewForm } from "@wuma/api-client";
import type { Dayjs } from "dayjs";

export type Scope = PreviewForm["scope"];
export type ScopeKind = Scope["kind"];

/** The fields of the form that say what is recalled. */
export interface ScopeFields {
  kind: ScopeKind;
  batch_id?: string;
  name?: string;
  line_id?: string;
  since?: Dayjs | null;
  until?: Dayjs | null;
  codes?: string;
}

/** Return what is recalled as the server wants it. */
export function scopeOf(fields: ScopeFields): Scope {
  switch (fields.kind) {
    case "batch":
      return { kind: "batch", batch_id: fields.batch_id ?? "" };
    case "material":
      return { kind: "material", name: fields.name ?? "" };
    case "line":
      return {
        kind: "line",
        line_id: fields.line_id ?? "",
        since: fields.since?.toISOString() ?? "",
        until: fields.until?.toISOString() ?? "",
      };
    case "things":
      return { kind: "things", codes: codesOf(fields.codes) };
  }
}

/** Return the codes of a field, one a line; blank lines are nothing. */
export function codesOf(text: string | undefined): string[] {
  return (text ?? "")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
