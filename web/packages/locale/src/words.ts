/**
 * The words of a page in every language, kept in a file `words.ts` beside it.
 *
 * The compiler finds a missing key, a key that does not exist and a forgotten `{value}`;
 * `words.test.ts` finds the rest: keys nobody uses, values that differ between languages.
 */
import { useCallback } from "react";
import { type Locale, useLocale } from "./locale";

type Placeholders<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never;

type Values<Text extends string> = [Placeholders<Text>] extends [never]
  ? []
  : [values: Record<Placeholders<Text>, string | number>];

/** The keys of a dictionary that are said without values. */
export type PlainKey<Zh extends Record<string, string>> = {
  [Key in keyof Zh]: Placeholders<Zh[Key]> extends never ? Key : never;
}[keyof Zh];

export interface Dictionary<Zh extends Record<string, string> = Record<string, string>> {
  readonly "zh-CN": Zh;
  readonly en: { readonly [Key in keyof Zh]: string };
}

/** Put together the two languages of a page. Chinese comes first: it is what most readers read. */
export function dictionary<const Zh extends Record<string, string>>(
  zh: Zh,
  en: { readonly [Key in keyof Zh]: string },
): Dictionary<Zh> {
  return { "zh-CN": zh, en };
}

export type Words<Zh extends Record<string, string>> = <Key extends keyof Zh & string>(
  key: Key,
  ...values: Values<Zh[Key]>
) => string;

/** Return the function that says a key of a dictionary in the reader's language. */
export function useWords<Zh extends Record<string, string>>(words: Dictionary<Zh>): Words<Zh> {
  const { locale } = useLocale();
  return useCallback(
    (key, ...values) => fill(inLocale(words, locale)[key] ?? key, values[0] ?? {}),
    [words, locale],
  );
}

function inLocale(words: Dictionary, locale: Locale): Readonly<Record<string, string>> {
  return words[locale];
}

/** Put values where their names stand in braces. */
export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
