import { useQuery } from "@tanstack/react-query";
import { answered, api, type OrderView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import {
  ActorName,
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
  useMay,
} from "@wuma/ui";
import { Button } from "antd";
import { type ReactNode, useState } from "react";
import { Link, useParams } from "react-router";
import { ChangeState } from "./change-state";
import { OrderStatus } from "./order-status";
import { Reconciliation } from "./reconciliation";
import { RevokeOrder } from "./revoke-order";
import { words } from "./words";

export function Component() {
  const id = Number(useParams().orderId);
  const query = useQuery({
    queryKey: ["code-order", id],
    queryFn: () =>
      answered(api.GET("/api/v1/code-orders/{order_id}", { params: { path: { order_id: id } } })),
  });
  return <Loaded query={query}>{(order) => <Order order={order} />}</Loaded>;
}

function Order({ order }: { order: OrderView }) {
  const t = useWords(words);
  return (
    <>
      <PageHeader
        back={<BackLink to="/code-orders">{t("orders")}</BackLink>}
        title={t("orderTitle", { id: order.id })}
        mark={<OrderStatus order={order} />}
        purpose={<ProductName id={order.product_id} />}
        actions={<Actions order={order} />}
      />
      <PageBody>
        <Section title={t("reconciliation")} purpose={t("reconciliationPurpose")}>
          <Reconciliation figures={order.reconciliation} />
        </Section>
        <Section title={t("facts")}>
          <OrderFacts order={order} />
        </Section>
      </PageBody>
    </>
  );
}

function OrderFacts({ order }: { order: OrderView }) {
  const t = useWords(words);
  const formats = useFormats();
  const facts: Array<[string, ReactNode]> = [
    [
      t("product"),
      <Link key="product" to={`/products/${order.product_id}`}>
        <ProductName id={order.product_id} />
      </Link>,
    ],
    [t("level"), t(`level.${order.level}`)],
    [t("gtin"), order.gtin === null ? "–" : <Code key="gtin" value={order.gtin} />],
    [t("quantity"), formats.count(order.quantity)],
    [t("hidden"), order.has_hidden ? t("withHidden") : t("openOnly")],
    [t("epoch"), order.epoch],
    [t("orderedAt"), <Instant key="at" at={order.ordered_at} />],
    [t("orderedBy"), <ActorName key="by" actor={order.ordered_by} />],
    [t("note"), order.note || "–"],
  ];
  if (order.revoked_at !== null) {
    facts.push([t("revokedAt"), <Instant key="revoked" at={order.revoked_at} />]);
    facts.push([t("revokedReason"), order.revoked_reason]);
  }
  return <Facts facts={facts} />;
}

function Actions({ order }: { order: OrderView }) {
  const t = useWords(words);
  const mayRevoke = useMay("codes.revoke") && order.revoked_at === null;
  const mayChange = useMay("codes.void") && order.revoked_at === null;
  const mayReadFiles = useMay("print_files.read");
  const mayReadScans = useMay("authenticity.read");
  const [open, setOpen] = useState<"state" | "revoke" | null>(null);
  return (
    <>
      {mayReadScans && (
        <ButtonLink type="text" to={`/scans?order=${order.id}`}>
          {t("scans")}
        </ButtonLink>
      )}
      {mayRevoke && (
        <Button danger type="text" onClick={() => setOpen("revoke")}>
          {t("revoke")}
        </Button>
      )}
      {mayReadFiles && (
        <ButtonLink type="text" to={`/print-files?order=${order.id}`}>
          {t("printFiles")}
        </ButtonLink>
      )}
      {mayChange && <Button onClick={() => setOpen("state")}>{t("changeState")}</Button>}
      <ChangeState order={order} isOpen={open === "state"} onClose={() => setOpen(null)} />
      <RevokeOrder order={order} isOpen={open === "revoke"} onClose={() => setOpen(null)} />
    </>
  );
}
