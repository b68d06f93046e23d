import type { EditionView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { ActorName, type Column, fixedList, Instant, RecordTable, Section, Status } from "@wuma/ui";
import { changes, inEffect, toCome } from "./standing";
import { words } from "./words";

/** Every edition: who said it, when, why, and what it changed. */
export function History({ editions }: { editions: EditionView[] }) {
  const t = useWords(words);
  const formats = useFormats();
  const current = inEffect(editions);
  const coming = new Set(toCome(editions).map(({ number }) => number));
  const columns: Column<EditionView>[] = [
    { key: "number", title: t("number"), isShort: true, render: ({ number }) => t("edition", { number }) },
    {
      key: "state",
      title: t("state"),
      isShort: true,
      render: (edition) => {
        if (edition === current) return <Status tone="good">{t("inEffect")}</Status>;
        if (coming.has(edition.number)) {
          return <Status tone="busy">{t("toComeAt", { at: formats.instant(edition.effective_at) })}</Status>;
        }
        return <Status tone="quiet">{t(edition.withdrawn_at === null ? "replaced" : "withdrawn")}</Status>;
      },
    },
    { key: "changed", title: t("changed"), render: (edition) => <Changes of={edition} among={editions} /> },
    { key: "reason", title: t("reason"), render: ({ reason }) => reason || "–" },
    { key: "written", title: t("writtenAt"), render: ({ written_at: at }) => <Instant at={at} /> },
    { key: "by", title: t("by"), render: ({ actor }) => <ActorName actor={actor} /> },
  ];
  return (
    <Section title={t("history")}>
      <RecordTable
        label={t("history")}
        list={fixedList(editions)}
        columns={columns}
        rowKey={({ number }) => String(number)}
        empty={null}
      />
    </Section>
  );
}

function Changes({ of, among }: { of: EditionView; among: EditionView[] }) {
  const t = useWords(words);
  const before = among.find(({ number, withdrawn_at: at }) => number < of.number && at === null);
  const told = changes(before?.links ?? [], of.links);
  if (told.length === 0) return <span className="wm-quiet-text">{t("unchanged")}</span>;
  return (
    <ul className="wm-lines">
      {told.map(({ key, kind, title }) => (
        <li key={key}>{t(kind, { title })}</li>
      ))}
    </ul>
  );
}
