import { expect, it } from "vitest";
import { glnOf } from "./gln";

it("reads the GLN of a Digital Link, with or without an extension", () => {
  expect(glnOf("https://id.gs1.org/414/6901234000016")).toBe("6901234000016");
  expect(glnOf("https://id.gs1.org/414/6901234000016/254/L1")).toBe("6901234000016");
});

it("reads the GLN of an SGLN and adds the check digit", () => {
  expect(glnOf("urn:epc:id:sgln:6901234.00001.0")).toBe("6901234000016");
  expect(glnOf("urn:epc:id:sgln:690123400001..L1")).toBe("6901234000016");
});

it("finds none in other identifiers", () => {
  expect(glnOf("geo:22.5,114.1")).toBeNull();
  expect(glnOf("urn:epc:id:sgln:69.1.0")).toBeNull();
});
