export { type Formats, formatsFor, useFormats } from "./formats";
export { type Locale, LocaleProvider, useInLocale, useLocale } from "./locale";
export { type Dictionary, dictionary, fill, type PlainKey, useWords, type Words } from "./words";
