import type { LinkBody } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { type Column, fixedList, RecordTable, Status } from "@wuma/ui";
import { useLinkTypeName } from "./link-type";
import { words } from "./words";

/** The links of one edition. */
export function LinksTable({ label, links }: { label: string; links: LinkBody[] }) {
  const t = useWords(words);
  const nameOf = useLinkTypeName();
  const columns: Column<LinkBody>[] = [
    {
      key: "title",
      title: t("linkTitle"),
      render: (link) => (
        <span>
          {link.title} {link.is_default && <Status tone="good">{t("isDefault")}</Status>}
        </span>
      ),
    },
    {
      key: "type",
      title: t("type"),
      render: ({ link_type: type }) => <span title={type}>{nameOf(type)}</span>,
    },
    {
      key: "href",
      title: t("href"),
      render: ({ href }) => <code className="links-href">{href}</code>,
    },
    { key: "languages", title: t("languages"), render: ({ languages }) => languages?.join(" · ") || "–" },
    { key: "media", title: t("mediaType"), render: ({ media_type: type }) => type || "–" },
    { key: "contexts", title: t("contexts"), render: ({ contexts }) => contexts?.join(" · ") || "–" },
  ];
  return (
    <RecordTable
      label={label}
      list={fixedList(links)}
      columns={columns}
      rowKey={(link) => JSON.stringify(link)}
      empty={<p className="wm-quiet-text">{t("none")}</p>}
    />
  );
}
