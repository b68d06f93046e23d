import { useLocale, useWords } from "@wuma/locale";
import { Button } from "antd";
import { Languages } from "lucide-react";
import { words } from "./words";

/** Names each language in itself: whoever needs the other one can read it. */
const OTHER = { "zh-CN": ["en", "English"], en: ["zh-CN", "中文"] } as const;

export function LanguageSwitch() {
  const t = useWords(words);
  const { locale, choose } = useLocale();
  const [other, name] = OTHER[locale];
  return (
    <Button
      type="text"
      icon={<Languages size={16} aria-hidden />}
      aria-label={`${t("language")}: ${name}`}
      onClick={() => choose(other)}
    >
      <span lang={other}>{name}</span>
    </Button>
  );
}
