import type { Preview } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { Empty, Section } from "@wuma/ui";
import { Alert } from "antd";
import { words } from "./words";

/** How much a scope means, and who has it: most first. */
export function PreviewFindings({ preview }: { preview: Preview }) {
  const t = useWords(words);
  const formats = useFormats();
  if (preview.items + preview.others === 0) return <Empty title={t("noGoods")} hint={t("noGoodsHint")} />;
  const most = Math.max(...preview.holders.map(({ items }) => items), 1);
  const counts = (["items", "cases", "pallets", "others"] as const).filter((level) => preview[level] > 0);
  return (
    <Section
      title={t("previewTitle")}
      purpose={t("previewTook", { ms: formats.count(preview.milliseconds) })}
    >
      {preview.is_cut && <Alert type="warning" showIcon title={t("cut")} />}
      <p className="recall-counts">
        {counts.map((level) => (
          <span key={level}>
            <strong>{formats.count(preview[level])}</strong> {t(level)}
          </span>
        ))}
      </p>
      <ul className="recall-bars">
        {preview.holders.map(({ holder, name, items }) => (
          <li key={holder ?? ""}>
            <span>{name || (holder ?? t("nobody"))}</span>
            <span className="recall-bar" style={{ inlineSize: `${(items / most) * 100}%` }} aria-hidden />
            <span className="wm-number">{formats.count(items)}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
