import { useQuery } from "@tanstack/react-query";
import { answered, api, type TemplateItem } from "@wuma/api-client";
import { useLocale, useWords } from "@wuma/locale";
import { ActorName, Facts, Instant, Loaded } from "@wuma/ui";
import { Drawer } from "antd";
import { named } from "./labels";
import { words } from "./words";

interface HistoryProps {
  batchId: string;
  past: { item: TemplateItem; subject: string } | null;
  onClose: () => void;
}

/** Everything that was ever said of one item: who, when, why. */
export function History({ batchId, past, onClose }: HistoryProps) {
  const t = useWords(words);
  const { locale } = useLocale();
  return (
    <Drawer
      title={past === null ? "" : `${t("history")} · ${named(past.item, locale)} ${past.subject}`}
      open={past !== null}
      onClose={onClose}
      size={480}
      styles={{ wrapper: { maxWidth: "100vw" } }}
      destroyOnHidden
    >
      {past !== null && <Entries batchId={batchId} item={past.item} subject={past.subject} />}
    </Drawer>
  );
}

function Entries({ batchId, item, subject }: { batchId: string; item: TemplateItem; subject: string }) {
  const t = useWords(words);
  const query = useQuery({
    queryKey: ["dossiers", "history", batchId, item.id, subject],
    queryFn: () =>
      answered(
        api.GET("/api/v1/batches/{batch_id}/dossier/entries", {
          params: { path: { batch_id: batchId }, query: { item: item.id, subject, limit: 100 } },
        }),
      ),
  });
  return (
    <Loaded query={query}>
      {(page) => (
        <>
          {page.items.map((entry) => (
            <section key={entry.id} className="wm-section">
              <Facts
                facts={[
                  [t("value"), `${entry.value} ${entry.unit}`],
                  [t("source"), sourceName(entry.source, t)],
                  [t("operator"), entry.source === "event" ? "–" : <ActorName key="a" actor={entry.actor} />],
                  [t("lasted"), <Instant key="at" at={entry.recorded_at} />],
                  ...(entry.reason === "" ? [] : [[t("reason"), entry.reason] as [string, string]]),
                ]}
              />
            </section>
          ))}
        </>
      )}
    </Loaded>
  );
}

function sourceName(source: string, t: (word: "source.form" | "source.file" | "source.event") => string) {
  if (source === "form") return t("source.form");
  return source === "file" ? t("source.file") : t("source.event");
}
