import type { ImportFault, ImportReport } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { type Column, Facts, fixedList, RecordTable, Section } from "@wuma/ui";
import { words } from "./words";

/** What came of a file, or would; each fault with its row and column, as the spreadsheet numbers them. */
export function Report({ report, fileName }: { report: ImportReport; fileName: string }) {
  const t = useWords(words);
  const formats = useFormats();
  const count = (value: number | undefined) => formats.count(value ?? 0);
  const columns = Object.entries(report.columns ?? {});
  const faults = report.errors ?? [];
  const willChange = (report.created_count ?? 0) + (report.updated_count ?? 0) > 0;
  return (
    <>
      <Section title={t(report.applied ? "imported" : "checked", { file: fileName })}>
        <Facts
          facts={[
            [t("rows"), count(report.row_count)],
            [t("created"), count(report.created_count)],
            [t("updated"), count(report.updated_count)],
            [t("unchanged"), count(report.unchanged_count)],
            [t("errors"), count(report.error_count)],
            [t("recognised"), columns.map(([field, title]) => `${title} → ${field}`).join(" · ") || "–"],
            [t("ignored"), report.ignored_columns?.join(" · ") || "–"],
            [t("notes"), report.notes?.join(" ") || (willChange || faults.length > 0 ? "–" : t("nothing"))],
          ]}
        />
      </Section>
      {faults.length > 0 && <Faults faults={faults} isCut={(report.error_count ?? 0) > faults.length} />}
    </>
  );
}

function Faults({ faults, isCut }: { faults: ImportFault[]; isCut: boolean }) {
  const t = useWords(words);
  const formats = useFormats();
  const columns: Column<ImportFault>[] = [
    { key: "row", title: t("row"), isNumber: true, render: ({ row }) => row ?? "–" },
    { key: "column", title: t("column"), render: ({ column }) => column ?? "–" },
    { key: "expected", title: t("expected"), render: ({ expected }) => expected },
    { key: "got", title: t("got"), render: ({ got }) => <code>{got}</code> },
  ];
  return (
    <Section
      title={t("faults")}
      purpose={isCut ? t("faultsMore", { count: formats.count(faults.length) }) : undefined}
    >
      <RecordTable
        label={t("faults")}
        list={fixedList(faults)}
        columns={columns}
        rowKey={(fault) => `${fault.row} ${fault.column} ${fault.expected}`}
        empty={null}
      />
    </Section>
  );
}
