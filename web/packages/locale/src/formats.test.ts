import { expect, it } from "vitest";
import { formatsFor } from "./formats";

const zh = formatsFor("zh-CN", "Asia/Shanghai");
const en = formatsFor("en", "Asia/Shanghai");

it("writes instants in the reader's zone, alike in both languages", () => {
  expect(zh.instant("2026-03-01T20:05:06Z")).toBe("2026-03-02 04:05");
  expect(en.instant("2026-03-01T20:05:06Z")).toBe("2026-03-02 04:05");
});

it("does not move the date of a label into another zone", () => {
  const west = formatsFor("en", "America/New_York");
  expect(west.date("2026-03-01")).toBe("1 Mar 2026");
  expect(zh.date("2026-03-01")).toBe("2026年3月1日");
});

it("writes counts, shares, money and sizes", () => {
  expect(en.count(200_000_000)).toBe("200,000,000");
  expect(en.share(0.012345)).toBe("1.23%");
  expect(zh.fen(1288)).toBe("¥12.88");
  expect([999, 1_500, 2_000_000].map(en.bytes)).toEqual(["999 B", "1.5 kB", "2 MB"]);
});

it("says that an instant is missing rather than inventing one", () => {
  expect(en.instant("")).toBe("–");
});
