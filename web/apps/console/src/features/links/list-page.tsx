import { answered, api, type EditionView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import {
  ActorName,
  ButtonLink,
  type Column,
  Empty,
  FilterText,
  Instant,
  PageBody,
  PageHeader,
  RecordTable,
  Status,
  textFilter,
  useFilters,
  useKeysetList,
  useMay,
} from "@wuma/ui";
import { Button } from "antd";
import { Plus } from "lucide-react";
import { useState } from "react";
import { useNavigate } from "react-router";
import { AnchorCode, anchorPath } from "./anchor";
import { HostsDialog } from "./hosts-dialog";
import { NewAnchor } from "./new-anchor";
import { words } from "./words";

const FILTERS = { q: textFilter };

export function Component() {
  const t = useWords(words);
  const navigate = useNavigate();
  const mayWrite = useMay("links.write");
  const [opened, setOpened] = useState<"hosts" | "new" | null>(null);
  const filters = useFilters(FILTERS);
  const { q } = filters.values;
  const list = useKeysetList(["links", "list", q], (place, signal) => {
    const query = { ...place, ...(q === null ? {} : { q }) };
    return answered(api.GET("/api/v1/links", { params: { query }, signal }));
  });
  const create = mayWrite && (
    <Button type="primary" icon={<Plus size={16} aria-hidden />} onClick={() => setOpened("new")}>
      {t("create")}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={t("title")}
        purpose={t("purpose")}
        actions={
          <>
            <ButtonLink type="text" to="/links/preview">
              {t("preview")}
            </ButtonLink>
            <ButtonLink type="text" to="/links/exchange">
              {t("exchange")}
            </ButtonLink>
            <Button onClick={() => setOpened("hosts")}>{t("hosts")}</Button>
            {create}
          </>
        }
      />
      <PageBody>
        <search className="wm-filters">
          <FilterText label={t("search")} value={q} onChange={(value) => filters.set("q", value)} />
        </search>
        <RecordTable
          label={t("title")}
          list={list}
          columns={useColumns()}
          rowKey={(edition) => edition.anchor}
          rowPath={(edition) => anchorPath(edition.anchor)}
          empty={<Empty title={t("empty")} hint={t("emptyHint")} action={create} />}
          filters={filters}
        />
      </PageBody>
      <HostsDialog isOpen={opened === "hosts"} onClose={() => setOpened(null)} />
      <NewAnchor
        isOpen={opened === "new"}
        onClose={() => setOpened(null)}
        onChosen={(anchor) => navigate(`${anchorPath(anchor)}&edit`)}
      />
    </>
  );
}

function useColumns(): Column<EditionView>[] {
  const t = useWords(words);
  const formats = useFormats();
  return [
    { key: "anchor", title: t("anchor"), render: ({ anchor }) => <AnchorCode anchor={anchor} /> },
    { key: "description", title: t("description"), render: ({ description }) => description || "–" },
    {
      key: "links",
      title: t("links"),
      isNumber: true,
      render: ({ links }) =>
        links.length === 0 ? t("none") : t("linkCount", { count: formats.count(links.length) }),
    },
    {
      key: "state",
      title: t("state"),
      isShort: true,
      render: ({ effective_at: at }) =>
        Date.parse(at) > Date.now() ? (
          <Status tone="busy">{t("toComeAt", { at: formats.instant(at) })}</Status>
        ) : (
          <Status tone="good">{t("inEffect")}</Status>
        ),
    },
    { key: "written", title: t("writtenAt"), render: ({ written_at: at }) => <Instant at={at} /> },
    { key: "by", title: t("by"), render: ({ actor }) => <ActorName actor={actor} /> },
  ];
}
