import { useQuery } from "@tanstack/react-query";
import { answered, api, type ReachableView, type RecallReport } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { type Column, Empty, fixedList, Instant, Loaded, RecordTable, Section, useMay } from "@wuma/ui";
import { Button, Drawer } from "antd";
import { useState } from "react";
import { words } from "./words";

/** The people who scanned recalled items; those who agreed to be told can be reached. */
export function People({ report }: { report: RecallReport }) {
  const t = useWords(words);
  const formats = useFormats();
  const mayReach = useMay("care.people");
  const [isShown, setIsShown] = useState(false);
  const { recall } = report;
  const counts = { people: formats.count(report.people), items: formats.count(report.scanned_items) };
  const said = recall.is_drill
    ? t("peopleNDrill", counts)
    : t("peopleN", { ...counts, scans: formats.count(report.scans_since) });
  const show = mayReach && (
    <Button size="small" onClick={() => setIsShown(true)}>
      {t("reachable")}
    </Button>
  );
  return (
    <Section title={t("people")} purpose={t("peoplePurpose")} actions={show}>
      <p>{said}</p>
      <Drawer
        title={t("reachableTitle")}
        open={isShown}
        onClose={() => setIsShown(false)}
        size={560}
        styles={{ wrapper: { maxWidth: "100vw" } }}
        destroyOnHidden
      >
        <Reachable recallId={recall.id} />
      </Drawer>
    </Section>
  );
}

function Reachable({ recallId }: { recallId: string }) {
  const t = useWords(words);
  const query = useQuery({
    queryKey: ["recall", recallId, "reachable"],
    queryFn: () =>
      answered(
        api.GET("/api/v1/recalls/{recall_id}/reachable", { params: { path: { recall_id: recallId } } }),
      ),
  });
  const columns: Column<ReachableView>[] = [
    { key: "contact", title: t("contact"), render: (one) => one.contact },
    { key: "at", title: t("leftAt"), render: (one) => <Instant at={one.at} /> },
  ];
  return (
    <Loaded query={query}>
      {(people) => (
        <RecordTable
          label={t("reachableTitle")}
          list={fixedList(people)}
          columns={columns}
          rowKey={(one) => one.report_id}
          empty={<Empty title={t("noReachable")} />}
        />
      )}
    </Loaded>
  );
}
