import { expect, it } from "vitest";
import { type Ours, understand } from "./scanned";

const OURS: Ours = { hosts: new Set(["id.muyuan.cn", "localhost:8080"]), epochs: new Set([5]) };
const ITEM = "/01/06901234567892/21/7Z3K0011QRST0123";

it.each([
  // Codes of ours, however they were printed.
  [`https://id.muyuan.cn${ITEM}`, "QRCode", { kind: "ours", path: ITEM }],
  [`HTTPS://ID.MUYUAN.CN${ITEM}`, "QRCode", { kind: "ours", path: ITEM }],
  [`http://localhost:8080${ITEM}?17=280229`, "QRCode", { kind: "ours", path: ITEM }],
  [
    "https://id.muyuan.cn/01/06901234567892/10/A2/21/7Z3K",
    "QRCode",
    {
      kind: "ours",
      path: "/01/06901234567892/10/A2/21/7Z3K",
    },
  ],
  ["https://id.muyuan.cn/h/7000000000000011", "QRCode", { kind: "ours", path: "/h/7000000000000011" }],
  ["7000-0000-0000-0011", "DataMatrix", { kind: "ours", path: "/h/7000000000000011" }],
  [
    "(01)06901234567892(17)280229(21)7Z3K/1",
    "DataMatrix",
    {
      kind: "ours",
      path: "/01/06901234567892/21/7Z3K%2F1",
    },
  ],
  // The product, which is the same on every item.
  ["6901234567892", "EAN13", { kind: "product" }],
  ["96385074", "EAN8", { kind: "product" }],
  ["(01)06901234567892(10)A2", "DataMatrix", { kind: "product" }],
  ["https://id.muyuan.cn/01/06901234567892", "QRCode", { kind: "product" }],
  // What is not ours is named and not opened, however much it tries to look like ours.
  ["https://id.other.com/01/09506000134352/21/1", "QRCode", { kind: "otherMaker", host: "id.other.com" }],
  ["https://other.com/brand/01/09506000134352", "QRCode", { kind: "otherMaker", host: "other.com" }],
  [`https://id.muyuan.cn.evil.com${ITEM}`, "QRCode", { kind: "otherMaker", host: "id.muyuan.cn.evil.com" }],
  [`https://id.muyuan.cn@evil.com${ITEM}`, "QRCode", { kind: "otherMaker", host: "evil.com" }],
  [`https://id.muyuan.cn:444${ITEM}`, "QRCode", { kind: "otherMaker", host: "id.muyuan.cn:444" }],
  ["https://evil.com/h/7000000000000011", "QRCode", { kind: "web", host: "evil.com" }],
  ["https://id.muyuan.cn/console", "QRCode", { kind: "web", host: "id.muyuan.cn" }],
  ["https://weixin.qq.com/r/abc", "QRCode", { kind: "web", host: "weixin.qq.com" }],
  ["javascript:alert(1)", "QRCode", { kind: "text", text: "javascript:alert(1)" }],
  ["https://", "QRCode", { kind: "text", text: "https://" }],
  ["WIFI:S:home;;", "QRCode", { kind: "text", text: "WIFI:S:home;;" }],
  ["7000000000000012", "QRCode", { kind: "text", text: "7000000000000012" }], // names an epoch never opened
  ["长".repeat(61), "QRCode", { kind: "text", text: `${"长".repeat(60)}…` }],
])("%s (%s)", (text, format, expected) => {
  expect(understand(text, format, OURS)).toEqual(expected);
});
