import { expect, it } from "vitest";
import { anchorPath, bracketed } from "./anchor";

it("writes an anchor as an element string", () => {
  expect(bracketed("/01/06901234567892/10/L7%2FA")).toBe("(01)06901234567892 (10)L7/A");
  expect(bracketed("/01/06901234567892/10/%E0%A4%A")).toBe("(01)06901234567892 (10)%E0%A4%A");
});

it("keeps what is encoded in an anchor encoded in the address of its page", () => {
  const address = new URL(anchorPath("/01/06901234567892/10/L7%2FA"), "https://console.example");
  expect(address.searchParams.get("path")).toBe("/01/06901234567892/10/L7%2FA");
});
