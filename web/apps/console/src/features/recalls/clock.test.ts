import { expect, it } from "vitest";
import { durationOf } from "./clock";

it("writes durations as a stop-watch does", () => {
  expect([0.481, 12.4, 61, 3599.6, 93_845].map(durationOf)).toEqual([
    "0.48 s",
    "12 s",
    "1:01",
    "1:00:00",
    "26:04:05",
  ]);
});
