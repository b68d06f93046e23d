import type { ThingState } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { Section } from "@wuma/ui";
import { Thing } from "./thing";
import { words } from "./words";

/** What is in it now, each leading to its own trace. */
export function Contents({ item }: { item: ThingState }) {
  const t = useWords(words);
  const { count } = useFormats();
  const things = [...item.contents, ...item.associated];
  if (things.length === 0) return null;
  const isCut = item.contents_count > item.contents.length;
  return (
    <Section
      title={t("contents", { count: count(item.contents_count + item.associated.length) })}
      purpose={isCut ? t("contentsShown", { count: count(item.contents.length) }) : undefined}
    >
      <ul className="trace-contents">
        {things.map((thing) => (
          <li key={thing.number}>
            <Thing thing={thing} />
          </li>
        ))}
      </ul>
    </Section>
  );
}
