import { expect, it } from "vitest";
import { scanQuery } from "./scan-query";

const NOTHING = {
  outcome: null,
  kind: null,
  product: null,
  region: null,
  from: null,
  to: null,
  order: null,
  unit: null,
  person: null,
};

it("asks for everything when nothing is filtered", () => {
  expect(scanQuery(NOTHING)).toEqual({});
});

it("includes the whole last day", () => {
  const { since, until } = scanQuery({ ...NOTHING, from: "2026-03-01", to: "2026-03-01" });
  expect(Date.parse(until ?? "") - Date.parse(since ?? "")).toBe(24 * 3600 * 1000);
});

it("asks for the county of a street", () => {
  expect(scanQuery({ ...NOTHING, region: "440305007" })).toEqual({ region: "440305" });
});
