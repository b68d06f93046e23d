import type { FormerGtinView } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { Code, type Column, fixedList, Instant, RecordTable, Section } from "@wuma/ui";
import { words } from "./words";

/** The GTINs that the product once had: what was printed with them stays alive. */
export function FormerGtins({ gtins }: { gtins: FormerGtinView[] }) {
  const t = useWords(words);
  const columns: Column<FormerGtinView>[] = [
    { key: "gtin", title: t("gtin"), render: ({ gtin }) => <Code value={gtin} /> },
    {
      key: "level",
      title: t("level"),
      render: ({ level }) => t(level === "item" ? "levelItem" : "levelCase"),
    },
    {
      key: "now",
      title: t("replacedBy"),
      render: ({ replaced_by: now }) => (now === null ? t("noLongerMade") : <Code value={now} />),
    },
    { key: "since", title: t("formerSince"), render: ({ since }) => <Instant at={since} /> },
    { key: "reason", title: t("reason"), render: ({ reason }) => reason || "–" },
  ];
  return (
    <Section title={t("formerGtins")} purpose={t("formerGtinsText")}>
      <RecordTable
        label={t("formerGtins")}
        list={fixedList(gtins)}
        columns={columns}
        rowKey={({ gtin }) => gtin}
        empty={null}
      />
    </Section>
  );
}
