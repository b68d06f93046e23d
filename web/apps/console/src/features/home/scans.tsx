import type { ScansOfToday, ScanView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import {
  ButtonLink,
  type Column,
  Empty,
  fixedList,
  Instant,
  ProductName,
  Reasons,
  RecordTable,
  ScanPlace,
  Section,
  Verdict,
} from "@wuma/ui";
import { Figures } from "./figures";
import { HourBars } from "./hour-bars";
import { words } from "./words";

/** The scans of the last day: how many, how many of them bad, when, and the latest worth a look. */
export function Scans({ scans }: { scans: ScansOfToday }) {
  const t = useWords(words);
  const formats = useFormats();
  const count = (outcome: string) => scans.scans_by_outcome[outcome] ?? 0;
  const log = (
    <ButtonLink type="text" to="/scans">
      {t("scansAll")}
    </ButtonLink>
  );
  return (
    <>
      <Section title={t("scans")} actions={log}>
        <Figures
          figures={[
            { label: t("scanCount"), value: formats.count(scans.scan_count) },
            { label: t("firstGenuine"), value: formats.count(count("first_genuine")) },
            { label: t("suspect"), value: formats.count(count("suspect")), isBad: count("suspect") > 0 },
            { label: t("notActivated"), value: formats.count(count("not_activated")) },
            { label: t("invalidShare"), value: formats.share(scans.invalid_share) },
          ]}
        />
        <HourBars hours={scans.hours} />
      </Section>
      <Telling scans={scans.telling} />
    </>
  );
}

function Telling({ scans }: { scans: ScanView[] }) {
  const t = useWords(words);
  const columns: Column<ScanView>[] = [
    { key: "at", title: t("at"), render: (scan) => <Instant at={scan.at} /> },
    { key: "verdict", title: t("verdict"), render: (scan) => <Verdict outcome={scan.outcome} /> },
    { key: "product", title: t("product"), render: (scan) => <ProductName id={scan.product_id} /> },
    { key: "place", title: t("place"), render: (scan) => <ScanPlace place={scan} /> },
    { key: "reasons", title: t("reasons"), render: (scan) => <Reasons reasons={scan.reasons} /> },
  ];
  return (
    <Section title={t("telling")}>
      <RecordTable
        label={t("telling")}
        list={fixedList(scans)}
        columns={columns}
        rowKey={(scan) => scan.id}
        rowPath={(scan) => `/scans?unit=${scan.unit}`}
        empty={<Empty title={t("noTelling")} />}
      />
    </Section>
  );
}
