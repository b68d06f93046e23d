import { expect, it } from "vitest";
import { placesFor } from "./navigation";

function paths(...permissions: string[]): string[] {
  return placesFor(permissions).flatMap((group) => group.places.map((place) => place.path));
}

it("shows everybody their own settings", () => {
  expect(paths()).toEqual(["/", "/tokens", "/security"]);
});

it("shows a place only to those who may use it", () => {
  expect(paths("accounts.read")).toContain("/accounts");
  expect(paths("accounts.read")).not.toContain("/tenants");
});
