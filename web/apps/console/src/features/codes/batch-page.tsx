import { useQuery } from "@tanstack/react-query";
import { answered, api, type BatchView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import {
  BackLink,
  ButtonLink,
  Code,
  Facts,
  Instant,
  Loaded,
  PageBody,
  PageHeader,
  ProductName,
  Section,
  Status,
  useMay,
} from "@wuma/ui";
import { Alert, Button } from "antd";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { Activate } from "./activate";
import { words } from "./words";

export function Component() {
  const { batchId = "" } = useParams();
  const query = useQuery({
    queryKey: ["batch", batchId],
    queryFn: () =>
      answered(api.GET("/api/v1/batches/{batch_id}", { params: { path: { batch_id: batchId } } })),
  });
  return <Loaded query={query}>{(batch) => <Batch batch={batch} />}</Loaded>;
}

function Batch({ batch }: { batch: BatchView }) {
  const t = useWords(words);
  const formats = useFormats();
  const mayActivate = useMay("codes.activate");
  const [isActivating, setIsActivating] = useState(false);
  const mayRecall = useMay("care.recall.open");
  const actions = (
    <>
      {mayActivate && (
        <Button type="primary" onClick={() => setIsActivating(true)}>
          {t("activate")}
        </Button>
      )}
      {mayRecall && <ButtonLink to={`/recalls/new?batch=${batch.id}`}>{t("recall")}</ButtonLink>}
    </>
  );
  return (
    <>
      <PageHeader
        back={<BackLink to="/batches">{t("batches")}</BackLink>}
        title={`${t("batch")} ${batch.number}`}
        mark={batch.recalled_at !== null && <Status tone="bad">{t("recalled")}</Status>}
        purpose={<ProductName id={batch.product_id} />}
        actions={actions}
      />
      <PageBody>
        {batch.recall_notice !== null && (
          <Alert type="error" showIcon title={t("recallNotice")} description={batch.recall_notice} />
        )}
        <Section title={t("batchFacts")}>
          <Facts
            facts={[
              [t("commissioned"), formats.count(batch.commissioned_count)],
              [
                t("product"),
                <Link key="product" to={`/products/${batch.product_id}`}>
                  <ProductName id={batch.product_id} />
                </Link>,
              ],
              [t("gtin"), <Code key="gtin" value={batch.gtin} />],
              [t("producedOn"), formats.date(batch.produced_on)],
              [t("expiresOn"), formats.date(batch.expires_on)],
              [t("line"), batch.line_id === null ? "–" : <LineName key="line" id={batch.line_id} />],
              [t("orderedAt"), <Instant key="at" at={batch.created_at} />],
            ]}
          />
        </Section>
      </PageBody>
      <Activate batch={batch} isOpen={isActivating} onClose={() => setIsActivating(false)} />
    </>
  );
}

function LineName({ id }: { id: string }) {
  const { data } = useQuery({
    queryKey: ["line", id],
    queryFn: () => answered(api.GET("/api/v1/lines/{line_id}", { params: { path: { line_id: id } } })),
  });
  return <span>{data === undefined ? "…" : `${data.code} · ${data.name}`}</span>;
}
