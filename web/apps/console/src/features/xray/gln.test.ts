import { expect, it } from "vitest";
import { glnStartOf } from "./gln";

it("reads the GLN of a Digital Link, with or without an extension", () => {
  expect(glnStartOf("https://id.gs1.org/414/6901234000016")).toBe("690123400001");
  expect(glnStartOf("https://id.gs1.org/414/6901234000016/254/L1")).toBe("690123400001");
});

it("reads the GLN of an SGLN, which has no check digit", () => {
  expect(glnStartOf("urn:epc:id:sgln:6901234.00001.0")).toBe("690123400001");
  expect(glnStartOf("urn:epc:id:sgln:690123400001..L1")).toBe("690123400001");
});

it("finds none in other identifiers", () => {
  expect(glnStartOf("geo:22.5,114.1")).toBeNull();
  expect(glnStartOf("urn:epc:id:sgln:69.1.0")).toBeNull();
});
