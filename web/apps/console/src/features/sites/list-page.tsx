import { answered, api, type SiteView } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import {
  Code,
  type Column,
  choiceFilter,
  Empty,
  FilterChoice,
  FilterText,
  PageBody,
  PageHeader,
  RecordTable,
  RegionName,
  textFilter,
  useFilters,
  useKeysetList,
  useMay,
} from "@wuma/ui";
import { App, Button } from "antd";
import { Plus } from "lucide-react";
import { useState } from "react";
import { useNavigate } from "react-router";
import { SiteForm } from "./site-form";
import { words } from "./words";

const FILTERS = {
  q: textFilter,
  kind: choiceFilter(["factory", "warehouse"]),
  which: choiceFilter(["archived"]),
};

export function Component() {
  const t = useWords(words);
  const navigate = useNavigate();
  const { message } = App.useApp();
  const mayWrite = useMay("masterdata.write");
  const [isFormOpen, setIsFormOpen] = useState(false);
  const filters = useFilters(FILTERS);
  const { q, kind, which } = filters.values;
  const list = useKeysetList(["sites", q, kind, which], (place, signal) => {
    const wanted = {
      ...place,
      ...(q === null ? {} : { q }),
      ...(kind === null ? {} : { kind }),
      archived: which === "archived",
    };
    return answered(api.GET("/api/v1/sites", { params: { query: wanted }, signal }));
  });
  const create = mayWrite && (
    <Button type="primary" icon={<Plus size={16} aria-hidden />} onClick={() => setIsFormOpen(true)}>
      {t("create")}
    </Button>
  );
  return (
    <>
      <PageHeader title={t("title")} purpose={t("purpose")} actions={create} />
      <PageBody>
        <search className="wm-filters">
          <FilterText label={t("search")} value={q} onChange={(value) => filters.set("q", value)} />
          <FilterChoice
            label={t("kind")}
            value={kind}
            options={FILTERS.kind.choices.map((value) => ({ value, label: t(`kind.${value}`) }))}
            onChange={(value) => filters.set("kind", value)}
          />
          <FilterChoice
            label={t("inUse")}
            value={which}
            options={[{ value: "archived", label: t("archived") }]}
            onChange={(value) => filters.set("which", value)}
          />
        </search>
        <RecordTable
          label={t("title")}
          list={list}
          columns={useColumns()}
          rowKey={(site) => site.id}
          rowPath={(site) => `/sites/${site.id}`}
          empty={<Empty title={t("empty")} hint={t("emptyHint")} action={create} />}
          filters={filters}
        />
      </PageBody>
      <SiteForm
        isOpen={isFormOpen}
        onClose={() => setIsFormOpen(false)}
        onSaved={(site) => {
          message.success(t("created", { name: site.name }));
          void navigate(`/sites/${site.id}`);
        }}
      />
    </>
  );
}

function useColumns(): Column<SiteView>[] {
  const t = useWords(words);
  return [
    { key: "name", title: t("name"), render: (site) => site.name },
    { key: "kind", title: t("kind"), isShort: true, render: (site) => t(`kind.${site.kind}`) },
    { key: "gln", title: t("gln"), render: (site) => <Code value={site.gln} /> },
    { key: "region", title: t("region"), render: (site) => <RegionName code={site.region_code} /> },
    { key: "address", title: t("address"), render: (site) => site.address || "–" },
  ];
}
