import type { GapView, TemplateItem, TemplateView } from "@wuma/api-client";
import { useFormats, useLocale, useWords } from "@wuma/locale";
import { Alert, Button } from "antd";
import { useState } from "react";
import { named } from "./labels";
import { words } from "./words";

const SHOWN_FIRST = 8;

interface GapsProps {
  gaps: GapView[];
  template: TemplateView;
  onEnter: ((item: TemplateItem, subject: string) => void) | null;
}

/** What is missing or not as it must be, by name; one click leads to where it is entered. */
export function Gaps({ gaps, template, onEnter }: GapsProps) {
  const t = useWords(words);
  const formats = useFormats();
  const { locale } = useLocale();
  const [showsAll, setShowsAll] = useState(false);
  if (gaps.length === 0) return <Alert type="success" showIcon title={t("noGaps")} />;
  const shown = showsAll ? gaps : gaps.slice(0, SHOWN_FIRST);
  return (
    <Alert
      type="warning"
      title={t("gapsTitle", { count: formats.count(gaps.length) })}
      description={
        <>
          <ul className="wm-gaps">
            {shown.map((gap) => {
              const item = template.items.find((one) => one.id === gap.item);
              const section = template.sections.find((one) => one.id === item?.section);
              if (item === undefined || section === undefined) return null;
              const name = gap.why === "no_subject" ? named(section, locale) : named(item, locale);
              return (
                <li key={`${gap.item} ${gap.subject}`}>
                  {onEnter === null ? (
                    name
                  ) : (
                    <Button type="link" size="small" onClick={() => onEnter(item, gap.subject)}>
                      {name}
                    </Button>
                  )}
                  {` ${[gap.subject, t(`why.${gap.why}`)].filter((part) => part !== "").join(" · ")}`}
                </li>
              );
            })}
          </ul>
          {gaps.length > shown.length && (
            <Button type="link" size="small" onClick={() => setShowsAll(true)}>
              {t("gapsAll", { count: formats.count(gaps.length) })}
            </Button>
          )}
        </>
      }
    />
  );
}
