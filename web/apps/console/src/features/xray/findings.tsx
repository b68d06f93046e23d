import type { XRay } from "@wuma/api-client";
import { useFormats, useInLocale, useWords } from "@wuma/locale";
import { Code, CodeStateStatus, Facts, Section, Status } from "@wuma/ui";
import { Alert } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { Life } from "./life";
import { Packed } from "./packed";
import { words } from "./words";

export function Findings({ xray }: { xray: XRay }) {
  const t = useWords(words);
  const { thing, order, state } = xray;
  return (
    <>
      {order !== null && order.revoked_at !== null && (
        <Alert type="error" showIcon title={t("revoked", { reason: order.revoked_reason ?? "–" })} />
      )}
      {xray.recall_notice !== null && (
        <Alert type="error" showIcon title={t("recalled")} description={xray.recall_notice} />
      )}
      <Section title={t("whatItIs")} actions={state !== null && <CodeStateStatus state={state} />}>
        <div className="xray-top">
          {thing !== null && order !== null && order.level !== "pallet" && (
            <img className="xray-qr" alt={t("qr")} src={qrPath(thing.name)} width={132} height={132} />
          )}
          <WhatItIs xray={xray} />
        </div>
      </Section>
      <Packed xray={xray} />
      <Life xray={xray} />
    </>
  );
}

function WhatItIs({ xray }: { xray: XRay }) {
  const t = useWords(words);
  const inLocale = useInLocale();
  const formats = useFormats();
  const { thing, order, product, batch, kind } = xray;
  const facts: Array<[string, ReactNode]> = [];
  if (thing !== null) facts.push([t("field"), <Code key="code" value={thing.name} />]);
  if (kind === "open" || kind === "hidden" || kind === "sscc") facts.push([t("kind"), t(`kind.${kind}`)]);
  if (product !== null) {
    facts.push([
      t("product"),
      <Link key="product" to={`/products/${product.id}`}>
        {inLocale(product.name_zh, product.name_en)}
      </Link>,
    ]);
  }
  if (order !== null) {
    const place = {
      id: order.id,
      number: formats.count(order.number),
      quantity: formats.count(order.quantity),
    };
    facts.push([
      t("order"),
      <Link key="order" to={`/code-orders/${order.id}`}>
        {t("numberOf", place)}
      </Link>,
    ]);
  }
  if (batch !== null) {
    facts.push(
      [
        t("batch"),
        <span key="batch">
          <Link to={`/batches/${batch.id}`}>{batch.number}</Link>{" "}
          {batch.recalled_at !== null && <Status tone="bad">{t("recalled")}</Status>}
        </span>,
      ],
      [t("producedOn"), formats.date(batch.produced_on)],
      [t("expiresOn"), formats.date(batch.expires_on)],
      [t("line"), batch.line ?? "–"],
    );
  }
  const printers = xray.printings.map((printing) => printing.recipient_name);
  if (printers.length > 0) facts.push([t("printedBy"), formats.list(printers)]);
  if (thing !== null) facts.push([t("unit"), thing.number]);
  return <Facts facts={facts} />;
}

function qrPath(code: string): string {
  return `/api/v1/qr?text=${encodeURIComponent(code)}`;
}
