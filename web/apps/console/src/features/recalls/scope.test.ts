import dayjs from "dayjs";
import { expect, it } from "vitest";
import { codesOf, scopeOf } from "./scope";

it("takes a code a line, whatever wrote the lines", () => {
  expect(codesOf(" (00)106141412345678908 \r\n\n7Z3K0011QRST0123\n")).toEqual([
    "(00)106141412345678908",
    "7Z3K0011QRST0123",
  ]);
});

it("sends only what the kind of scope has", () => {
  const fields = { batch_id: "b", name: "n", line_id: "l", since: dayjs("2026-05-01T08:00:00Z"), codes: "c" };
  expect(scopeOf({ ...fields, kind: "batch" })).toEqual({ kind: "batch", batch_id: "b" });
  expect(scopeOf({ ...fields, kind: "material" })).toEqual({ kind: "material", name: "n" });
  expect(scopeOf({ ...fields, kind: "things" })).toEqual({ kind: "things", codes: ["c"] });
  expect(scopeOf({ ...fields, kind: "line", until: dayjs("2026-05-01T09:00:00Z") })).toEqual({
    kind: "line",
    line_id: "l",
    since: "2026-05-01T08:00:00.000Z",
    until: "2026-05-01T09:00:00.000Z",
  });
});
