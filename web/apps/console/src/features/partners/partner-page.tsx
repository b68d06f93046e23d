import { useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, api, type PartnerView } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import {
  BackLink,
  Code,
  ConfirmButton,
  Empty,
  Facts,
  Instant,
  Loaded,
  PageBody,
  PageHeader,
  RecordTable,
  RegionName,
  Section,
  Status,
  useKeysetList,
  useMay,
} from "@wuma/ui";
import { App, Button } from "antd";
import { type ReactNode, useState } from "react";
import { useParams } from "react-router";
import { usePartnerColumns } from "./columns";
import { DealerLink } from "./dealer";
import { PartnerForm } from "./partner-form";
import { words } from "./words";

export function Component() {
  const { partnerId = "" } = useParams();
  const query = useQuery({
    queryKey: ["partner", partnerId],
    queryFn: () =>
      answered(api.GET("/api/v1/partners/{partner_id}", { params: { path: { partner_id: partnerId } } })),
  });
  return <Loaded query={query}>{(partner) => <Partner key={partner.id} partner={partner} />}</Loaded>;
}

function Partner({ partner }: { partner: PartnerView }) {
  const t = useWords(words);
  const { kind, longitude, latitude, datum, parent_id: dealerId } = partner;
  const ofItsKind: [string, ReactNode] =
    kind === "store"
      ? [t("parent"), dealerId === null ? "–" : <DealerLink key="dealer" id={dealerId} />]
      : [t("territory"), <Territory key="territory" codes={partner.territory} />];
  return (
    <>
      <PageHeader
        back={<BackLink to="/partners">{t("title")}</BackLink>}
        title={partner.name}
        mark={
          <Status tone="quiet">{partner.archived_at === null ? t(`kind.${kind}`) : t("archived")}</Status>
        }
        purpose={<Code value={partner.code} />}
        actions={<Actions partner={partner} />}
      />
      <PageBody>
        <Section title={t("basics")}>
          <Facts
            facts={[
              [t("gln"), partner.gln === null ? "–" : <Code key="gln" value={partner.gln} />],
              [t("region"), <RegionName key="region" code={partner.region_code} />],
              [t("address"), partner.address || "–"],
              [t("place"), longitude === null ? "–" : `${latitude}, ${longitude} ${datum ?? ""}`],
              ofItsKind,
              [t("changedAt"), <Instant key="at" at={partner.changed_at} />],
            ]}
          />
        </Section>
        {kind === "dealer" && <Stores dealerId={partner.id} />}
      </PageBody>
    </>
  );
}

function Territory({ codes }: { codes: string[] }) {
  const t = useWords(words);
  if (codes.length === 0) return t("noTerritory");
  return (
    <ul className="wm-lines">
      {codes.map((code) => (
        <li key={code}>
          <RegionName code={code} />
        </li>
      ))}
    </ul>
  );
}

function Stores({ dealerId }: { dealerId: string }) {
  const t = useWords(words);
  const list = useKeysetList(["partners", "of", dealerId], (place, signal) =>
    answered(api.GET("/api/v1/partners", { params: { query: { ...place, parent_id: dealerId } }, signal })),
  );
  return (
    <Section title={t("stores")}>
      <RecordTable
        label={t("stores")}
        list={list}
        columns={usePartnerColumns()}
        rowKey={(store) => store.id}
        rowPath={(store) => `/partners/${store.id}`}
        empty={<Empty title={t("noStores")} />}
      />
    </Section>
  );
}

function Actions({ partner }: { partner: PartnerView }) {
  const t = useWords(words);
  const { message } = App.useApp();
  const queryClient = useQueryClient();
  const [isFormOpen, setIsFormOpen] = useState(false);
  const params = { path: { partner_id: partner.id } };
  if (!useMay("masterdata.write")) return null;

  async function setArchived(archived: boolean) {
    if (archived) await answered(api.POST("/api/v1/partners/{partner_id}/archive", { params }));
    else await answered(api.POST("/api/v1/partners/{partner_id}/restore", { params }));
    await queryClient.invalidateQueries({ queryKey: ["partners"] });
    await queryClient.invalidateQueries({ queryKey: ["partner", partner.id] });
  }

  if (partner.archived_at !== null) return <Button onClick={() => setArchived(false)}>{t("restore")}</Button>;
  return (
    <>
      <ConfirmButton
        size="middle"
        label={t("archive")}
        title={t("archiveTitle", { name: partner.name })}
        explanation={t("archiveText")}
        onConfirm={() => setArchived(true)}
      />
      <Button onClick={() => setIsFormOpen(true)}>{t("edit")}</Button>
      <PartnerForm
        isOpen={isFormOpen}
        onClose={() => setIsFormOpen(false)}
        onSaved={() => message.success(t("saved"))}
        partner={partner}
      />
    </>
  );
}
