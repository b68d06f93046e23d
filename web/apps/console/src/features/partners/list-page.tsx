import { answered, api } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import {
  choiceFilter,
  Empty,
  FilterChoice,
  FilterText,
  PageBody,
  PageHeader,
  RecordTable,
  RegionSelect,
  textFilter,
  useFilters,
  useKeysetList,
  useMay,
} from "@wuma/ui";
import { App, Button } from "antd";
import { Plus } from "lucide-react";
import { useState } from "react";
import { useNavigate } from "react-router";
import { usePartnerColumns } from "./columns";
import { PartnerForm } from "./partner-form";
import { words } from "./words";

const FILTERS = {
  q: textFilter,
  kind: choiceFilter(["dealer", "store"]),
  region: textFilter,
  which: choiceFilter(["archived"]),
};

export function Component() {
  const t = useWords(words);
  const navigate = useNavigate();
  const { message } = App.useApp();
  const mayWrite = useMay("masterdata.write");
  const [isFormOpen, setIsFormOpen] = useState(false);
  const filters = useFilters(FILTERS);
  const { q, kind, region, which } = filters.values;
  const list = useKeysetList(["partners", q, kind, region, which], (place, signal) => {
    const wanted = {
      ...place,
      ...(q === null ? {} : { q }),
      ...(kind === null ? {} : { kind }),
      ...(region === null ? {} : { region }),
      archived: which === "archived",
    };
    return answered(api.GET("/api/v1/partners", { params: { query: wanted }, signal }));
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
          <div className="wm-filter-choice">
            <RegionSelect
              label={t("region")}
              placeholder={t("region")}
              value={region}
              onChange={(value) => filters.set("region", value)}
            />
          </div>
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
          columns={usePartnerColumns()}
          rowKey={(partner) => partner.id}
          rowPath={(partner) => `/partners/${partner.id}`}
          empty={<Empty title={t("empty")} hint={t("emptyHint")} action={create} />}
          filters={filters}
        />
      </PageBody>
      <PartnerForm
        isOpen={isFormOpen}
        onClose={() => setIsFormOpen(false)}
        onSaved={(partner) => {
          message.success(t("created", { name: partner.name }));
          void navigate(`/partners/${partner.id}`);
        }}
      />
    </>
  );
}
