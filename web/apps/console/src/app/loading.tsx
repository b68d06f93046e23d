import { useWords } from "@wuma/locale";
import { Spin } from "antd";
import { words } from "./words";

/** Before anything is known: who is signed in, or the code of the first page. */
export function Loading() {
  const t = useWords(words);
  return (
    <main className="shell-alone" aria-label={t("loading")}>
      <Spin />
    </main>
  );
}
