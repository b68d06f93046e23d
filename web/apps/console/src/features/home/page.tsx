import { useWords } from "@wuma/locale";
import { PageBody, PageHeader, useMay, useMe } from "@wuma/ui";
import { Attention } from "./attention";
import { LatestOrders } from "./latest-orders";
import { LatestSuspects } from "./latest-suspects";
import { words } from "./words";

/** What somebody should know before they begin: what needs them, and what happened last. */
export function Component() {
  const t = useWords(words);
  const me = useMe();
  const mayReadScans = useMay("authenticity.read");
  const mayReadCodes = useMay("codes.read");
  return (
    <>
      <PageHeader title={t("title")} purpose={t("hello", { name: me.name })} />
      <PageBody>
        <Attention />
        {mayReadScans && <LatestSuspects />}
        {mayReadCodes && <LatestOrders />}
      </PageBody>
    </>
  );
}
