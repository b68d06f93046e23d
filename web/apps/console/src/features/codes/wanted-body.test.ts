import { expect, it } from "vitest";
import { wantedBody } from "./wanted-body";

it("says running numbers of an order", () => {
  expect(wantedBody({ by: "positions", orderId: 7, first: 1, last: 500 })).toEqual({
    positions: [{ order_id: 7, first: 1, last: 500 }],
  });
});

it("says a roll by its first and last label", () => {
  expect(wantedBody({ by: "span", firstCode: " A ", lastCode: "B\t" })).toEqual({
    spans: [{ first: "A", last: "B" }],
  });
});

it("takes what a hand scanner typed, each code once", () => {
  expect(wantedBody({ by: "codes", codes: "A\r\nB\n\n A \n" })).toEqual({ codes: ["A", "B"] });
});
