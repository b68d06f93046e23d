import type { PartnerView } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { Code, type Column, RegionName } from "@wuma/ui";
import { words } from "./words";

export function usePartnerColumns(): Column<PartnerView>[] {
  const t = useWords(words);
  return [
    { key: "name", title: t("name"), render: (partner) => partner.name },
    { key: "kind", title: t("kind"), isShort: true, render: (partner) => t(`kind.${partner.kind}`) },
    { key: "code", title: t("code"), render: (partner) => <Code value={partner.code} /> },
    { key: "region", title: t("region"), render: (partner) => <RegionName code={partner.region_code} /> },
    { key: "address", title: t("address"), render: (partner) => partner.address || "–" },
  ];
}
