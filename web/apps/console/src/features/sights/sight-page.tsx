import { useQuery } from "@tanstack/react-query";
import { answered, api, type PartnerView, type SightView } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { BackLink, Code, Loaded, PageBody, PageHeader } from "@wuma/ui";
import { useParams } from "react-router";
import { PreviewSection } from "./preview";
import { RulesForm } from "./rules-form";
import { TokensSection } from "./tokens";
import { words } from "./words";

export function Component() {
  const { partnerId = "" } = useParams();
  const params = { path: { partner_id: partnerId } };
  const query = useQuery({
    queryKey: ["sights", "of", partnerId],
    queryFn: async () => {
      const [partner, sight] = await Promise.all([
        answered(api.GET("/api/v1/partners/{partner_id}", { params })),
        answered(api.GET("/api/v1/partner-sights/{partner_id}", { params })),
      ]);
      return { partner, sight };
    },
  });
  return (
    <Loaded query={query}>
      {({ partner, sight }) => (
        <Sight key={`${partner.id} ${sight.version}`} partner={partner} sight={sight} />
      )}
    </Loaded>
  );
}

function Sight({ partner, sight }: { partner: PartnerView; sight: SightView }) {
  const t = useWords(words);
  return (
    <>
      <PageHeader
        back={<BackLink to="/partner-sights">{t("title")}</BackLink>}
        title={partner.name}
        purpose={<Code value={partner.code} />}
      />
      <PageBody>
        <RulesForm partner={partner} sight={sight} />
        <PreviewSection partnerId={partner.id} />
        <TokensSection partnerId={partner.id} />
      </PageBody>
    </>
  );
}
