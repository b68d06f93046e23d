import { useMutation, useQueryClient } from "@tanstack/react-query";
import { answered, api, type GoodsView, type RecallView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { type Column, Empty, Instant, ProblemAlert, RecordTable, Section, useKeysetList } from "@wuma/ui";
import { App, Button } from "antd";
import { Link } from "react-router";
import { words } from "./words";

interface GoodsProps {
  recall: RecallView;
  mayList: boolean;
}

/** Every run of goods of the last listing, and the sheets to hand in. */
export function Goods({ recall, mayList }: GoodsProps) {
  const t = useWords(words);
  const formats = useFormats();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const list = useKeysetList(["recall", recall.id, "goods", recall.listing], (place, signal) =>
    answered(
      api.GET("/api/v1/recalls/{recall_id}/goods", {
        params: { path: { recall_id: recall.id }, query: place },
        signal,
      }),
    ),
  );
  const listing = useMutation({
    mutationFn: () =>
      answered(
        api.POST("/api/v1/recalls/{recall_id}/listings", { params: { path: { recall_id: recall.id } } }),
      ),
    onSuccess: async () => {
      message.success(t("listedAgain"));
      await queries.invalidateQueries({ queryKey: ["recall"] });
    },
  });
  const columns: Column<GoodsView>[] = [
    { key: "level", title: t("level"), isShort: true, render: (run) => t(`level.${run.level}`) },
    { key: "codes", title: t("codesRange"), render: (run) => <Codes run={run} /> },
    { key: "count", title: t("quantity"), isNumber: true, render: (run) => formats.count(run.quantity) },
    { key: "lot", title: t("lot"), render: (run) => run.lot ?? "–" },
    { key: "in", title: t("packedIn"), render: (run) => <CodeLink code={run.packed_in} /> },
    { key: "holder", title: t("holder"), render: (run) => run.holder_name || run.holder || t("nobody") },
    { key: "last", title: t("lastEvent"), render: (run) => <Instant at={run.last_event_at} /> },
  ];
  const sheet = (form: "csv" | "xlsx") => `/api/v1/recalls/${recall.id}/sheet.${form}`;
  return (
    <Section
      title={t("goods")}
      purpose={
        <>
          {t("goodsPurpose")}{" "}
          {recall.listed_at !== null &&
            t("listing", { number: recall.listing, at: formats.instant(recall.listed_at) })}
        </>
      }
      actions={
        <span className="recall-actions">
          {mayList && (
            <Button size="small" loading={listing.isPending} onClick={() => listing.mutate()}>
              {t("listAgain")}
            </Button>
          )}
          <Button size="small" href={sheet("xlsx")}>
            {t("sheetXlsx")}
          </Button>
          <Button size="small" href={sheet("csv")}>
            {t("sheetCsv")}
          </Button>
        </span>
      }
    >
      {listing.error !== null && <ProblemAlert error={listing.error} />}
      <RecordTable
        label={t("goods")}
        list={list}
        columns={columns}
        rowKey={(run) => String(run.place)}
        empty={<Empty title={t("noParts")} />}
      />
    </Section>
  );
}

function Codes({ run }: { run: GoodsView }) {
  return (
    <span className="recall-codes">
      <CodeLink code={run.first_code} />
      {run.last_code !== run.first_code && (
        <>
          {" – "}
          <CodeLink code={run.last_code} />
        </>
      )}
    </span>
  );
}

function CodeLink({ code }: { code: string | null }) {
  if (code === null) return <>–</>;
  return <Link to={`/xray?code=${encodeURIComponent(code)}`}>{shortened(code)}</Link>;
}

/** A canonical name without its common beginning, and of an item only the serial. */
export function shortened(code: string): string {
  return code.replace("https://id.gs1.org", "").replace(/^\/01\/\d{14}\/21\//, "");
}
