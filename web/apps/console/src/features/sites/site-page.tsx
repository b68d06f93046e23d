import { useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, api, type SiteView } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import {
  BackLink,
  Code,
  ConfirmButton,
  Facts,
  Instant,
  Loaded,
  PageBody,
  PageHeader,
  RegionName,
  Section,
  Status,
  useMay,
} from "@wuma/ui";
import { App, Button } from "antd";
import { useState } from "react";
import { useParams } from "react-router";
import { Lines } from "./lines";
import { SiteForm } from "./site-form";
import { words } from "./words";

export function Component() {
  const { siteId = "" } = useParams();
  const query = useQuery({
    queryKey: ["site", siteId],
    queryFn: () => answered(api.GET("/api/v1/sites/{site_id}", { params: { path: { site_id: siteId } } })),
  });
  return <Loaded query={query}>{(site) => <Site site={site} />}</Loaded>;
}

function Site({ site }: { site: SiteView }) {
  const t = useWords(words);
  return (
    <>
      <PageHeader
        back={<BackLink to="/sites">{t("title")}</BackLink>}
        title={site.name}
        mark={
          <Status tone="quiet">{site.archived_at === null ? t(`kind.${site.kind}`) : t("archived")}</Status>
        }
        purpose={<Code value={site.gln} />}
        actions={<Actions site={site} />}
      />
      <PageBody>
        <Section title={t("basics")}>
          <Facts
            facts={[
              [t("kind"), t(`kind.${site.kind}`)],
              [t("region"), <RegionName key="region" code={site.region_code} />],
              [t("address"), site.address || "–"],
              [t("changedAt"), <Instant key="at" at={site.changed_at} />],
            ]}
          />
        </Section>
        {site.kind === "factory" && <Lines site={site} />}
      </PageBody>
    </>
  );
}

function Actions({ site }: { site: SiteView }) {
  const t = useWords(words);
  const { message } = App.useApp();
  const queryClient = useQueryClient();
  const [isFormOpen, setIsFormOpen] = useState(false);
  const params = { path: { site_id: site.id } };
  if (!useMay("masterdata.write")) return null;

  async function setArchived(archived: boolean) {
    if (archived) await answered(api.POST("/api/v1/sites/{site_id}/archive", { params }));
    else await answered(api.POST("/api/v1/sites/{site_id}/restore", { params }));
    await queryClient.invalidateQueries({ queryKey: ["sites"] });
    await queryClient.invalidateQueries({ queryKey: ["site", site.id] });
  }

  if (site.archived_at !== null) return <Button onClick={() => setArchived(false)}>{t("restore")}</Button>;
  return (
    <>
      <ConfirmButton
        size="middle"
        label={t("archive")}
        title={t("archiveTitle", { name: site.name })}
        explanation={t("archiveText")}
        onConfirm={() => setArchived(true)}
      />
      <Button onClick={() => setIsFormOpen(true)}>{t("edit")}</Button>
      <SiteForm
        isOpen={isFormOpen}
        onClose={() => setIsFormOpen(false)}
        onSaved={() => message.success(t("saved"))}
        site={site}
      />
    </>
  );
}
