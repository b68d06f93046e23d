import { useQuery } from "@tanstack/react-query";
import { type AlarmView, answered, api, type Leak } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import {
  type Column,
  Empty,
  Instant,
  PageBody,
  PageHeader,
  ProductName,
  RecordTable,
  RegionName,
  Section,
  Status,
  useKeysetList,
  wholeList,
} from "@wuma/ui";
import { words } from "./words";

export function Component() {
  const t = useWords(words);
  return (
    <>
      <PageHeader title={t("title")} purpose={t("purpose")} />
      <PageBody>
        <Leaks />
        <Alarms />
      </PageBody>
    </>
  );
}

function Leaks() {
  const t = useWords(words);
  const formats = useFormats();
  const query = useQuery({ queryKey: ["leaks"], queryFn: () => answered(api.GET("/api/v1/leaks")) });
  const columns: Column<Leak>[] = [
    { key: "order", title: t("order"), render: (leak) => `#${leak.order_id}` },
    { key: "product", title: t("product"), render: (leak) => <ProductName id={leak.product_id} /> },
    { key: "scans", title: t("scans"), isNumber: true, render: (leak) => formats.count(leak.scan_count) },
    { key: "codes", title: t("codes"), isNumber: true, render: (leak) => formats.count(leak.code_count) },
    { key: "people", title: t("people"), isNumber: true, render: (leak) => formats.count(leak.person_count) },
    {
      key: "regions",
      title: t("regions"),
      render: (leak) => (
        <ul className="wm-lines">
          {leak.regions.map((code) => (
            <li key={code}>
              <RegionName code={code} />
            </li>
          ))}
        </ul>
      ),
    },
    {
      key: "sources",
      title: t("sources"),
      render: (leak) =>
        formats.list([...new Set(leak.sources.map((source) => source.recipient_name))]) || "–",
    },
    { key: "first", title: t("firstAt"), render: (leak) => <Instant at={leak.first_at} /> },
    { key: "last", title: t("lastAt"), render: (leak) => <Instant at={leak.last_at} /> },
  ];
  return (
    <Section title={t("leaks")} purpose={t("leaksPurpose")}>
      <RecordTable
        label={t("leaks")}
        list={wholeList(query)}
        columns={columns}
        rowKey={(leak) => String(leak.order_id)}
        rowPath={(leak) => `/code-orders/${leak.order_id}`}
        empty={<Empty title={t("noLeaks")} hint={t("noLeaksHint")} />}
      />
    </Section>
  );
}

function Alarms() {
  const t = useWords(words);
  const list = useKeysetList(["alarms"], (query, signal) =>
    answered(api.GET("/api/v1/alarms", { params: { query }, signal })),
  );
  const columns: Column<AlarmView>[] = [
    {
      key: "kind",
      title: t("kind"),
      render: ({ kind }) => (kind === "invalid_share" ? t("kind.invalid_share") : kind),
    },
    { key: "raised", title: t("raisedAt"), render: (alarm) => <Instant at={alarm.raised_at} /> },
    {
      key: "ended",
      title: t("endedAt"),
      render: (alarm) =>
        alarm.ended_at === null ? <Status tone="bad">{t("going")}</Status> : <Instant at={alarm.ended_at} />,
    },
    {
      key: "facts",
      title: t("facts"),
      render: (alarm) => (
        <code className="wm-quiet-text">
          {Object.entries(alarm.facts)
            .map(([name, value]) => `${name} ${value}`)
            .join(" · ")}
        </code>
      ),
    },
  ];
  return (
    <Section title={t("alarms")} purpose={t("alarmsPurpose")}>
      <RecordTable
        label={t("alarms")}
        list={list}
        columns={columns}
        rowKey={(alarm) => alarm.id}
        empty={<Empty title={t("noAlarms")} hint={t("noAlarmsHint")} />}
      />
    </Section>
  );
}
