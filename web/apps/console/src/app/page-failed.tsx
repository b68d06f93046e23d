import { useWords } from "@wuma/locale";
import { Empty } from "@wuma/ui";
import { Button } from "antd";
import { words } from "./words";

/** A page that failed to load or to draw; the rest of the console stays. */
export function PageFailed() {
  const t = useWords(words);
  const reload = <Button onClick={() => location.reload()}>{t("failedReload")}</Button>;
  return <Empty title={t("failedTitle")} hint={t("failedHint")} action={reload} />;
}
