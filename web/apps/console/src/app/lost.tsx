import { useWords } from "@wuma/locale";
import { Empty } from "@wuma/ui";
import { Link } from "react-router";
import { words } from "./words";

export function Lost() {
  const t = useWords(words);
  return <Empty title={t("lostTitle")} hint={t("lostHint")} action={<Link to="/">{t("lostHome")}</Link>} />;
}
