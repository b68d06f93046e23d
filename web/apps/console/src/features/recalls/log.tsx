import { useQuery } from "@tanstack/react-query";
import { answered, api, type RecallView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { ActorName, Instant, Loaded, Section } from "@wuma/ui";
import { words } from "./words";

const SHOWN_COUNT = 100;

type Kind = "opened" | "listed" | "notified" | "answered" | "returned" | "destroyed" | "note" | "closed";

/** What happened in the case, the latest first. */
export function Log({ recall }: { recall: RecallView }) {
  const t = useWords(words);
  const formats = useFormats();
  const query = useQuery({
    queryKey: ["recall", recall.id, "entries"],
    queryFn: () =>
      answered(
        api.GET("/api/v1/recalls/{recall_id}/entries", {
          params: { path: { recall_id: recall.id }, query: { limit: SHOWN_COUNT } },
        }),
      ),
  });
  return (
    <Section title={t("log")} purpose={t("logPurpose")}>
      <Loaded query={query}>
        {({ items }) => (
          <ol className="recall-log">
            {items.map((entry) => (
              <li key={entry.id}>
                <span>
                  <strong>{t(`entry.${entry.kind as Kind}`)}</strong>
                  {entry.holder !== null && ` · ${entry.holder_name || entry.holder}`}
                  {entry.unit_count !== null &&
                    ` · ${t("entryItems", { count: formats.count(entry.unit_count) })}`}
                </span>
                {entry.note !== "" && <span>{entry.note}</span>}
                <span className="wm-quiet-text">
                  <Instant at={entry.at} /> · <ActorName actor={entry.actor} />
                </span>
              </li>
            ))}
          </ol>
        )}
      </Loaded>
    </Section>
  );
}
