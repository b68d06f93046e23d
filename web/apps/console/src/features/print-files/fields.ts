import type { PrintField } from "@wuma/api-client";

/** What a column of a print file can hold, in the order in which they are offered. */
export const FIELDS = [
  "number",
  "gtin",
  "gtin13",
  "open_serial",
  "open_uri",
  "open_uri_qr",
  "hidden_uri",
  "hidden_long",
  "hidden_typed",
  "hidden_typed_grouped",
  "sscc",
  "sscc_element",
] as const satisfies readonly PrintField[];
