import { useQuery } from "@tanstack/react-query";
import { answered, api } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { Loaded, PageBody, PageHeader, useMay, useMe } from "@wuma/ui";
import { Attention } from "./attention";
import { Codes } from "./codes";
import "./home.css";
import { Scans } from "./scans";
import { words } from "./words";

const AGAIN_MS = 15_000; // a screen on the wall of the quality office is never older than that

/** What somebody should know before they begin: what needs them, and what is going on. */
export function Component() {
  const t = useWords(words);
  const me = useMe();
  const mayReadCodes = useMay("codes.read");
  const query = useQuery({
    queryKey: ["home"],
    queryFn: () => answered(api.GET("/api/v1/home")),
    enabled: mayReadCodes,
    refetchInterval: AGAIN_MS,
  });
  return (
    <>
      <PageHeader title={t("title")} purpose={t("hello", { name: me.name })} />
      <PageBody>
        <Attention home={query.data} />
        {mayReadCodes && (
          <Loaded query={query}>
            {(home) => (
              <>
                {home.scans && <Scans scans={home.scans} />}
                <Codes home={home} />
              </>
            )}
          </Loaded>
        )}
      </PageBody>
    </>
  );
}
