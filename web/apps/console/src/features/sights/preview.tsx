import { useQuery } from "@tanstack/react-query";
import { answered, api } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { Empty, Instant, Loaded, Section } from "@wuma/ui";
import { words } from "./words";
import "./sights.css";

type Event = Record<string, unknown>;

/** The latest events with a partner's eyes: what the rules do is seen, not imagined. */
export function PreviewSection({ partnerId }: { partnerId: string }) {
  const t = useWords(words);
  const query = useQuery({
    queryKey: ["sights", "preview", partnerId],
    queryFn: () =>
      answered(
        api.GET("/api/v1/partner-sights/{partner_id}/preview", {
          params: { path: { partner_id: partnerId } },
        }),
      ),
  });
  return (
    <Section title={t("preview")}>
      <p className="wm-quiet-text">{t("previewHint")}</p>
      <Loaded query={query}>
        {({ events, has_more: hasMore }) =>
          events.length === 0 ? (
            <Empty title={t("previewEmpty")} />
          ) : (
            <>
              <ul className="sight-events" aria-label={t("preview")}>
                {events.map((event) => (
                  <EventLine key={String(event.eventID)} event={event} />
                ))}
              </ul>
              {hasMore && <p className="wm-quiet-text">{t("previewMore")}</p>}
            </>
          )
        }
      </Loaded>
    </Section>
  );
}

function EventLine({ event }: { event: Event }) {
  const t = useWords(words);
  return (
    <li>
      <details>
        <summary>
          <Instant at={String(event.eventTime)} /> <strong>{String(event.bizStep ?? event.type)}</strong>{" "}
          <span className="wm-quiet-text">{t("thingsCount", { count: thingsIn(event) })}</span>
        </summary>
        <pre>{JSON.stringify(event, null, 2)}</pre>
      </details>
    </li>
  );
}

function thingsIn(event: Event): number {
  const lists = [
    "epcList",
    "childEPCs",
    "inputEPCList",
    "outputEPCList",
    "quantityList",
    "childQuantityList",
  ];
  return lists.reduce((count, name) => {
    const list = event[name];
    return count + (Array.isArray(list) ? list.length : 0);
  }, 0);
}
