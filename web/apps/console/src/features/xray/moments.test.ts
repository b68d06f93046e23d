import type { XRay } from "@wuma/api-client";
import { expect, it } from "vitest";
import { momentsOf } from "./moments";

const EMPTY = { scans: [], events: [], history: [], printings: [], order: null } as unknown as XRay;

it("puts what different parts of the house know on one line of time, the latest first", () => {
  const xray = {
    ...EMPTY,
    order: { ordered_at: "2026-03-01T08:00:00Z" },
    printings: [{ print_file_id: "p", released_at: "2026-03-02T08:00:00Z" }],
    history: [{ at: "2026-03-05T08:00:00+08:00", state: "commissioned" }],
    events: [{ id: 1, at: "2026-03-05T00:30:00Z" }],
    scans: [{ id: "s", at: "2026-04-01T08:00:00Z" }],
  } as unknown as XRay;

  // 08:00 in Shanghai is midnight UTC: instants are compared, not their texts.
  expect(momentsOf(xray).map((moment) => moment.kind)).toEqual([
    "scan",
    "event",
    "state",
    "printed",
    "ordered",
  ]);
});

it("says nothing of what nothing is known of", () => {
  expect(momentsOf(EMPTY)).toEqual([]);
});
