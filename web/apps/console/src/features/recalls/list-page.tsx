import { answered, api, type RecallView } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import {
  ButtonLink,
  type Column,
  Empty,
  Instant,
  PageBody,
  PageHeader,
  RecordTable,
  Status,
  useKeysetList,
  useMay,
} from "@wuma/ui";
import { Siren } from "lucide-react";
import { words } from "./words";

export function Component() {
  const t = useWords(words);
  const mayOpen = useMay("care.recall.open");
  const list = useKeysetList(["recalls"], (place, signal) =>
    answered(api.GET("/api/v1/recalls", { params: { query: place }, signal })),
  );
  const open = mayOpen && (
    <ButtonLink type="primary" icon={<Siren size={16} aria-hidden />} to="/recalls/new">
      {t("newRecall")}
    </ButtonLink>
  );
  return (
    <>
      <PageHeader title={t("recalls")} purpose={t("recallsPurpose")} actions={open} />
      <PageBody>
        <RecordTable
          label={t("recalls")}
          list={list}
          columns={useColumns()}
          rowKey={(recall) => recall.id}
          rowPath={(recall) => `/recalls/${recall.id}`}
          empty={<Empty title={t("noRecalls")} hint={t("noRecallsHint")} action={open} />}
        />
      </PageBody>
    </>
  );
}

function useColumns(): Column<RecallView>[] {
  const t = useWords(words);
  return [
    { key: "title", title: t("title"), render: (recall) => `${recall.number} · ${recall.title}` },
    { key: "scope", title: t("scope"), render: (recall) => t(`scope.${recall.scope.kind}`) },
    {
      key: "class",
      title: t("riskClass"),
      isShort: true,
      render: (recall) => t(`short.${recall.risk_class as 1 | 2 | 3}`),
    },
    { key: "mode", title: t("mode"), isShort: true, render: (recall) => <RecallMode recall={recall} /> },
    { key: "opened", title: t("openedAt"), render: (recall) => <Instant at={recall.opened_at} /> },
    { key: "state", title: t("state"), isShort: true, render: (recall) => <RecallState recall={recall} /> },
  ];
}

export function RecallMode({ recall }: { recall: RecallView }) {
  const t = useWords(words);
  return recall.is_drill ? (
    <Status tone="busy">{t("drill")}</Status>
  ) : (
    <Status tone="bad">{t("real")}</Status>
  );
}

export function RecallState({ recall }: { recall: RecallView }) {
  const t = useWords(words);
  return recall.closed_at === null ? (
    <Status tone="warn">{t("state.open")}</Status>
  ) : (
    <Status tone="quiet">{t("state.closed")}</Status>
  );
}
