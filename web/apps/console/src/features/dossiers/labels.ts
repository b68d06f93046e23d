import type { StandingView, TemplateItem, TemplateSection } from "@wuma/api-client";
import type { Locale } from "@wuma/locale";

/** What an item or a section is called in the reader's language. */
export function named(thing: TemplateItem | TemplateSection, locale: Locale): string {
  return locale === "zh-CN" ? thing.zh : thing.en;
}

/** The value of an entry as people read it; words of ours for verdicts, units after numbers. */
export function shownValue(entry: StandingView, words: { pass: string; fail: string }): string {
  if (entry.value === "pass") return words.pass;
  if (entry.value === "fail") return words.fail;
  return entry.unit === "" ? entry.value : `${entry.value} ${entry.unit}`;
}
