import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";

/** A language of the pages, by its BCP 47 name. It also decides how numbers and dates are written. */
export type Locale = "zh-CN" | "en";

const REMEMBERED = "wuma.locale";

interface LocaleState {
  locale: Locale;
  choose: (locale: Locale) => void;
}

const Context = createContext<LocaleState | null>(null);

/** Hold the reader's language: the one chosen before on this device, or else the browser's. */
export function LocaleProvider({ children }: { children: ReactNode }) {
  const [locale, setLocale] = useState<Locale>(firstLocale);

  useEffect(() => {
    // The language also chooses the glyphs: the same Han character looks different in Chinese and Japanese.
    document.documentElement.lang = locale;
  }, [locale]);

  const choose = useCallback((chosen: Locale) => {
    localStorage.setItem(REMEMBERED, chosen);
    setLocale(chosen);
  }, []);

  const state = useMemo(() => ({ locale, choose }), [locale, choose]);
  return <Context value={state}>{children}</Context>;
}

/** The reader's language, and how to change it. */
export function useLocale(): LocaleState {
  const state = useContext(Context);
  if (state === null) throw new Error("useLocale outside of LocaleProvider");
  return state;
}

/** Return how to choose between a Chinese and an English name; one that nobody gave gives way to the other. */
export function useInLocale(): (zh: string, en: string) => string {
  const { locale } = useLocale();
  return useCallback((zh, en) => (locale === "en" ? en || zh : zh || en), [locale]);
}

function firstLocale(): Locale {
  const remembered = localStorage.getItem(REMEMBERED);
  if (remembered === "zh-CN" || remembered === "en") return remembered;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
}
