import { expect, it } from "vitest";
import { choiceFilter, dayFilter, readFilters, textFilter } from "./filters";

const SCHEMA = { q: textFilter, from: dayFilter, level: choiceFilter(["item", "case"]) };

function read(query: string) {
  return readFilters(SCHEMA, new URLSearchParams(query));
}

it("reads what the address says", () => {
  expect(read("q=69&from=2026-03-01&level=case&after=x")).toEqual({
    q: "69",
    from: "2026-03-01",
    level: "case",
  });
});

it("takes what it does not understand for no filter", () => {
  expect(read("q=&from=2026-3-1&level=crate")).toEqual({ q: null, from: null, level: null });
  expect(read("from=2026-02-31x")).toEqual({ q: null, from: null, level: null });
});
