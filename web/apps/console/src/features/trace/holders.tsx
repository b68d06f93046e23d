import { useQuery } from "@tanstack/react-query";
import { type AffectedHolder, answered, api } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { type Column, fixedList, Loaded, RecordTable, Section } from "@wuma/ui";
import { Party } from "./thing";
import { words } from "./words";

/** Who holds everything that is affected: for a lot, a material, a pallet. One item has its own answer above. */
export function Holders({ code, asOf }: { code: string; asOf: string | null }) {
  const query = useQuery({
    queryKey: ["affected", code, asOf],
    queryFn: () =>
      answered(
        api.GET("/api/v1/trace/affected", {
          params: { query: { from: code, limit: 1, ...(asOf === null ? {} : { as_of: asOf }) } },
        }),
      ),
  });
  if (query.data !== undefined && query.data.item_count < 2) return null;
  return <Loaded query={query}>{({ holders }) => <Table holders={holders} />}</Loaded>;
}

function Table({ holders }: { holders: AffectedHolder[] }) {
  const t = useWords(words);
  const { count } = useFormats();
  const columns: Column<AffectedHolder>[] = [
    {
      key: "holder",
      title: t("holder"),
      render: ({ party }) => (party === null ? t("nobody") : <Party party={party} />),
    },
    { key: "count", title: t("count"), render: (holder) => count(holder.count) },
  ];
  return (
    <Section title={t("holders")} purpose={t("holdersPurpose")}>
      <RecordTable
        label={t("holders")}
        list={fixedList(holders)}
        columns={columns}
        rowKey={({ party }) => party?.key ?? ""}
        empty={null}
      />
    </Section>
  );
}
