import { useQuery } from "@tanstack/react-query";
import { answered, api, type RecallReport } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import {
  BackLink,
  Equation,
  Facts,
  FormDrawer,
  Instant,
  Loaded,
  PageBody,
  PageHeader,
  Section,
  useMay,
} from "@wuma/ui";
import { Alert, Button, Form, Input } from "antd";
import { useState } from "react";
import { Link, useParams } from "react-router";
import "./recalls.css";
import { Clock } from "./clock";
import { Goods } from "./goods";
import { Holders } from "./holders";
import { RecallMode, RecallState } from "./list-page";
import { Log } from "./log";
import { People } from "./people";
import { RecordEntry, type RecordKind } from "./record-entry";
import { words } from "./words";

const REFRESH_MS = 15_000; // others count goods back at the same time

export function Component() {
  const { recallId = "" } = useParams();
  const query = useQuery({
    queryKey: ["recall", recallId],
    queryFn: () =>
      answered(api.GET("/api/v1/recalls/{recall_id}", { params: { path: { recall_id: recallId } } })),
    refetchInterval: REFRESH_MS,
  });
  return <Loaded query={query}>{(report) => <RecallOf report={report} />}</Loaded>;
}

function RecallOf({ report }: { report: RecallReport }) {
  const t = useWords(words);
  const formats = useFormats();
  const mayRecord = useMay("care.recall.record");
  const mayClose = useMay("care.recall.open");
  const [recording, setRecording] = useState<RecordKind | null>(null);
  const [isClosing, setIsClosing] = useState(false);
  const { recall, balance } = report;
  const isOpen = recall.closed_at === null;
  return (
    <>
      <PageHeader
        back={<BackLink to="/recalls">{t("recalls")}</BackLink>}
        title={`${recall.number} · ${recall.title}`}
        mark={
          <>
            <RecallMode recall={recall} />
            <RecallState recall={recall} />
          </>
        }
        purpose={recall.reason}
        actions={
          isOpen && (
            <>
              {mayRecord && <Button onClick={() => setRecording("returned")}>{t("record")}</Button>}
              {mayClose && (
                <Button danger onClick={() => setIsClosing(true)}>
                  {t("close")}
                </Button>
              )}
            </>
          )
        }
      />
      <PageBody>
        {recall.is_cut && <Alert type="warning" showIcon title={t("cut")} />}
        {recall.closing !== null && <Alert type="info" showIcon title={recall.closing} />}
        <Section title={t("balance")}>
          <Equation
            total={{ label: t("affected"), count: balance.affected }}
            parts={[
              { label: t("destroyed"), count: balance.destroyed },
              { label: t("held"), count: balance.held },
              { label: t("outstanding"), count: balance.outstanding, isLoss: true },
            ]}
            balanced={t("allBack")}
            unbalanced={(count) => t("difference", { count: formats.count(count) })}
            lost={(count) => t("outstandingN", { count: formats.count(count) })}
          />
        </Section>
        <Clock report={report} />
        <Holders recall={recall} mayRecord={mayRecord && isOpen} />
        <People report={report} />
        <Goods recall={recall} mayList={mayRecord && isOpen} />
        <Section title={t("facts")}>
          <Facts
            facts={[
              [t("scope"), <ScopeLink key="scope" report={report} />],
              [t("riskClass"), t(`class.${recall.risk_class as 1 | 2 | 3}`)],
              [t("notice"), recall.notice],
              [t("openedAt"), <Instant key="at" at={recall.opened_at} />],
            ]}
          />
        </Section>
        <Log recall={recall} />
      </PageBody>
      {recording !== null && (
        <RecordEntry recall={recall} kind={recording} onClose={() => setRecording(null)} />
      )}
      <FormDrawer<{ note: string }, unknown>
        title={t("close")}
        isOpen={isClosing}
        isDanger
        onClose={() => setIsClosing(false)}
        changes={["recalls", "recall", "batches", "batch"]}
        onAccepted={() => undefined}
        send={(body, headers) =>
          answered(
            api.POST("/api/v1/recalls/{recall_id}/closing", {
              params: { path: { recall_id: recall.id } },
              body,
              headers,
            }),
          )
        }
      >
        <Alert
          type="warning"
          showIcon
          title={t("closeHint", { count: formats.count(balance.outstanding) })}
        />
        <Form.Item
          name="note"
          label={t("closeText")}
          rules={[{ required: true, whitespace: true, message: t("closeTextMissing") }]}
        >
          <Input.TextArea maxLength={1000} autoSize={{ minRows: 3, maxRows: 10 }} />
        </Form.Item>
      </FormDrawer>
    </>
  );
}

function ScopeLink({ report }: { report: RecallReport }) {
  const t = useWords(words);
  const formats = useFormats();
  const { scope } = report.recall;
  const kind = t(`scope.${scope.kind}`);
  switch (scope.kind) {
    case "batch":
      return <Link to={`/batches/${scope.batch_id}`}>{kind}</Link>;
    case "material":
      return (
        <span className="recall-codes">
          {kind} · {scope.name}
        </span>
      );
    case "line":
      return (
        <span>
          {kind} · {formats.instant(scope.since)} – {formats.instant(scope.until)}
        </span>
      );
    case "things":
      return (
        <span className="recall-codes">
          {kind} · {scope.codes.slice(0, 5).join(" ")} {scope.codes.length > 5 && "…"}
        </span>
      );
  }
}
