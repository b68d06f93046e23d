import { useWords } from "@wuma/locale";
import { Status } from "@wuma/ui";
import { words } from "./words";

/** How far the release of a batch has come. */
export function ReleaseStatus({ state, isRecalled }: { state: string; isRecalled: boolean }) {
  const t = useWords(words);
  if (isRecalled) return <Status tone="bad">{t("recalled")}</Status>;
  if (state === "market") return <Status tone="good">{t("state.market")}</Status>;
  if (state === "quality") return <Status tone="busy">{t("state.quality")}</Status>;
  return <Status tone="quiet">{t("state.open")}</Status>;
}
