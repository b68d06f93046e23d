import { useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, api, type ProductView } from "@wuma/api-client";
import { useFormats, useInLocale, useWords } from "@wuma/locale";
import {
  BackLink,
  ButtonLink,
  Code,
  ConfirmButton,
  Facts,
  Instant,
  Loaded,
  PageBody,
  PageHeader,
  Section,
  Status,
  useMay,
} from "@wuma/ui";
import { App, Button } from "antd";
import { useState } from "react";
import { useParams } from "react-router";
import { FormerGtins } from "./former-gtins";
import { GtinCorrection } from "./gtin-correction";
import { Packing } from "./packing";
import { ProductForm } from "./product-form";
import { words } from "./words";

export function Component() {
  const { productId = "" } = useParams();
  const query = useQuery({
    queryKey: ["product", productId],
    queryFn: () =>
      answered(api.GET("/api/v1/products/{product_id}", { params: { path: { product_id: productId } } })),
  });
  return <Loaded query={query}>{(product) => <Product product={product} />}</Loaded>;
}

function Product({ product }: { product: ProductView }) {
  const t = useWords(words);
  const inLocale = useInLocale();
  const formats = useFormats();
  const number = (value: number | null, say: (count: string) => string) =>
    value === null ? "–" : say(formats.count(value));
  return (
    <>
      <PageHeader
        back={<BackLink to="/products">{t("title")}</BackLink>}
        title={inLocale(product.name_zh, product.name_en)}
        mark={product.archived_at !== null && <Status tone="quiet">{t("archived")}</Status>}
        purpose={<Code value={product.gtin} />}
        actions={<Actions product={product} />}
      />
      <PageBody>
        <Section title={t("basics")}>
          <Facts
            facts={[
              [t("nameZh"), product.name_zh || "–"],
              [t("nameEn"), product.name_en || "–"],
              [t("brand"), [product.brand_zh, product.brand_en].filter(Boolean).join(" · ") || "–"],
              [t("category"), product.category || "–"],
              [t("stage"), number(product.stage, (stage) => t("stageN", { stage }))],
              [t("age"), number(product.age_from_months, (months) => t("ageFrom", { months }))],
              [t("netWeight"), number(product.net_weight_g, (grams) => `${grams} g`)],
              [t("shelfLife"), number(product.shelf_life_days, (count) => t("days", { count }))],
              [t("changedAt"), <Instant key="at" at={product.changed_at} />],
            ]}
          />
        </Section>
        <Section title={t("packing")}>
          <Packing product={product} />
        </Section>
        {product.former_gtins.length > 0 && <FormerGtins gtins={product.former_gtins} />}
      </PageBody>
    </>
  );
}

function Actions({ product }: { product: ProductView }) {
  const t = useWords(words);
  const { message } = App.useApp();
  const queryClient = useQueryClient();
  const mayWrite = useMay("masterdata.write");
  const mayOrder = useMay("codes.order");
  const mayReadCodes = useMay("codes.read");
  const mayReadLinks = useMay("links.read");
  const inLocale = useInLocale();
  const [opened, setOpened] = useState<"form" | "correction" | null>(null);
  const params = { path: { product_id: product.id } };
  const isArchived = product.archived_at !== null;

  async function setArchived(archived: boolean) {
    if (archived) await answered(api.POST("/api/v1/products/{product_id}/archive", { params }));
    else await answered(api.POST("/api/v1/products/{product_id}/restore", { params }));
    await queryClient.invalidateQueries({ queryKey: ["products"] });
    await queryClient.invalidateQueries({ queryKey: ["product", product.id] });
  }

  return (
    <>
      {mayReadCodes && (
        <ButtonLink type="text" to={`/code-orders?product=${product.id}`}>
          {t("orders")}
        </ButtonLink>
      )}
      {mayReadLinks && (
        <ButtonLink type="text" to={`/links/anchor?path=/01/${product.gtin}`}>
          {t("links")}
        </ButtonLink>
      )}
      {mayWrite && isArchived && <Button onClick={() => setArchived(false)}>{t("restore")}</Button>}
      {mayWrite && !isArchived && (
        <>
          <ConfirmButton
            size="middle"
            label={t("archive")}
            title={t("archiveTitle", { name: inLocale(product.name_zh, product.name_en) })}
            explanation={t("archiveText")}
            onConfirm={() => setArchived(true)}
          />
          <Button onClick={() => setOpened("correction")}>{t("correctGtin")}</Button>
          <Button onClick={() => setOpened("form")}>{t("edit")}</Button>
          <GtinCorrection
            product={product}
            isOpen={opened === "correction"}
            onClose={() => setOpened(null)}
            onCorrected={({ gtin }) => message.success(t("corrected", { gtin }))}
          />
          <ProductForm
            isOpen={opened === "form"}
            onClose={() => setOpened(null)}
            onSaved={() => message.success(t("saved"))}
            product={product}
          />
        </>
      )}
      {mayOrder && !isArchived && (
        <ButtonLink type="primary" to={`/code-orders/new?product=${product.id}`}>
          {t("orderCodes")}
        </ButtonLink>
      )}
    </>
  );
}
