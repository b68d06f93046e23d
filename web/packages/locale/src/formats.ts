import { useMemo } from "react";
import { type Locale, useLocale } from "./locale";

/** How numbers, shares and instants are written in one language, in the time zone of the reader. */
export interface Formats {
  count: (value: number) => string;
  /** 0.0123 → 1.23 % */
  share: (value: number) => string;
  /** Integer fen → yuan with its sign. */
  fen: (value: number) => string;
  /** 2026-03-01T04:05:06Z → 2026-03-01 12:05 in Shanghai */
  instant: (iso: string) => string;
  /** The same to the second, with the zone: what a dispute needs. */
  instantExact: (iso: string) => string;
  /** 2026-03-01 → 2026年3月1日 / 1 Mar 2026; a date of a label, so no zone moves it. */
  date: (iso: string) => string;
  bytes: (value: number) => string;
  /** Names in a row: “A、B和C” or “A, B and C”. */
  list: (values: string[]) => string;
}

const MISSING = "–";
const UNITS = ["B", "kB", "MB", "GB", "TB"];

export function formatsFor(locale: Locale, timeZone?: string): Formats {
  const tag = locale === "en" ? "en-GB" : locale;
  const zone = timeZone === undefined ? {} : { timeZone };
  const count = new Intl.NumberFormat(tag);
  const share = new Intl.NumberFormat(tag, { style: "percent", maximumFractionDigits: 2 });
  const money = new Intl.NumberFormat(tag, { style: "currency", currency: "CNY" });
  const size = new Intl.NumberFormat(tag, { maximumFractionDigits: 1 });
  // The order of ISO 8601 sorts by eye and is read alike in both languages.
  const instant = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "short", ...zone });
  const exact = new Intl.DateTimeFormat(tag, { dateStyle: "long", timeStyle: "long", ...zone });
  const date = new Intl.DateTimeFormat(tag, { dateStyle: "medium", timeZone: "UTC" });
  const list = new Intl.ListFormat(tag, { type: "conjunction" });

  return {
    count: (value) => count.format(value),
    share: (value) => share.format(value),
    fen: (value) => money.format(value / 100),
    instant: (iso) => written(iso, instant),
    instantExact: (iso) => written(iso, exact),
    date: (iso) => written(iso, date),
    bytes: (value) => {
      const step = value < 1000 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), UNITS.length - 1);
      return `${size.format(value / 1000 ** step)} ${UNITS[step]}`;
    },
    list: (values) => list.format(values),
  };
}

function written(iso: string, format: Intl.DateTimeFormat): string {
  const milliseconds = Date.parse(iso);
  return Number.isNaN(milliseconds) ? MISSING : format.format(milliseconds);
}

export function useFormats(): Formats {
  const { locale } = useLocale();
  return useMemo(() => formatsFor(locale), [locale]);
}
