import { useQuery } from "@tanstack/react-query";
import { answered, api, type EntryForm, type HoldingView, type RecallView } from "@wuma/api-client";
import { useFormats, useInLocale, useWords } from "@wuma/locale";
import { type Column, Empty, FormDrawer, Instant, RecordTable, Section, Status, wholeList } from "@wuma/ui";
import { Button, Form, Input } from "antd";
import { useState } from "react";
import { words } from "./words";

interface HoldersProps {
  recall: RecallView;
  mayRecord: boolean;
}

/** Who has the goods, who was told and who answered. */
export function Holders({ recall, mayRecord }: HoldersProps) {
  const t = useWords(words);
  const formats = useFormats();
  const inLocale = useInLocale();
  const [telling, setTelling] = useState<{ holder: HoldingView; kind: "notified" | "answered" } | null>(null);
  const query = useQuery({
    queryKey: ["recall", recall.id, "holders", recall.listing],
    queryFn: () =>
      answered(
        api.GET("/api/v1/recalls/{recall_id}/holders", { params: { path: { recall_id: recall.id } } }),
      ),
  });
  const columns: Column<HoldingView>[] = [
    {
      key: "holder",
      title: t("holder"),
      render: (one) => (one.name === "" ? <NamelessHolder holder={one.holder} /> : one.name),
    },
    { key: "place", title: t("place"), render: (one) => inLocale(one.place_zh, one.place_en) },
    ...(["affected", "outstanding", "held", "destroyed"] as const).map((part) => ({
      key: part,
      title: t(part),
      isNumber: true,
      render: (one: HoldingView) => formats.count(one.balance[part]),
    })),
    {
      key: "notified",
      title: t("notified"),
      render: (one) =>
        one.notified_at === null ? (
          one.holder !== null && <Status tone="warn">{t("notYet")}</Status>
        ) : (
          <Instant at={one.notified_at} />
        ),
    },
    {
      key: "answered",
      title: t("answered"),
      render: (one) =>
        one.answered_at === null ? (
          one.notified_at !== null && <Status tone="quiet">{t("notAnswered")}</Status>
        ) : (
          <Instant at={one.answered_at} />
        ),
    },
  ];
  if (mayRecord) {
    columns.push({
      key: "actions",
      title: t("record"),
      isActions: true,
      render: (one) => {
        if (one.holder === null || one.answered_at !== null) return null;
        const kind = one.notified_at === null ? "notified" : "answered";
        return (
          <Button size="small" onClick={() => setTelling({ holder: one, kind })}>
            {t(kind === "notified" ? "markNotified" : "markAnswered")}
          </Button>
        );
      },
    });
  }
  return (
    <Section title={t("holders")} purpose={t("holdersPurpose")}>
      <RecordTable
        label={t("holders")}
        list={wholeList(query)}
        columns={columns}
        rowKey={(one) => one.holder ?? ""}
        empty={<Empty title={t("noHolders")} hint={t("noHoldersHint")} />}
      />
      <FormDrawer<{ note?: string }, unknown>
        title={t(telling?.kind === "answered" ? "markAnswered" : "markNotified")}
        isOpen={telling !== null}
        onClose={() => setTelling(null)}
        changes={["recall"]}
        onAccepted={() => undefined}
        send={({ note }, headers) => {
          const body: EntryForm = {
            kind: telling?.kind ?? "notified",
            holder: telling?.holder.holder ?? null,
            codes: [],
            at: new Date().toISOString(),
            note: note ?? "",
          };
          const params = { path: { recall_id: recall.id } };
          return answered(api.POST("/api/v1/recalls/{recall_id}/entries", { params, body, headers }));
        }}
      >
        <p>{telling?.holder.name || telling?.holder.holder}</p>
        <Form.Item name="note" label={t("text")}>
          <Input.TextArea maxLength={1000} autoSize={{ minRows: 2, maxRows: 8 }} />
        </Form.Item>
      </FormDrawer>
    </Section>
  );
}

function NamelessHolder({ holder }: { holder: string | null }) {
  const t = useWords(words);
  return holder === null ? (
    <span className="wm-quiet-text">{t("nobody")}</span>
  ) : (
    <code className="recall-codes">{holder.replace("https://id.gs1.org", "")}</code>
  );
}
