import type { Home } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { ButtonLink, CODE_STATES, Section, useCodeStateName } from "@wuma/ui";
import { Figures } from "./figures";
import { words } from "./words";

/** All codes there are, by where in their life they are. */
export function Codes({ home }: { home: Home }) {
  const t = useWords(words);
  const formats = useFormats();
  const stateName = useCodeStateName();
  const orders = (
    <ButtonLink type="text" to="/code-orders">
      {t("ordersAll")}
    </ButtonLink>
  );
  const states = CODE_STATES.map((state) => ({ state, count: home.codes_by_state[state] ?? 0 })).filter(
    ({ count }) => count > 0,
  );
  return (
    <Section title={t("codes")} actions={orders}>
      <Figures
        figures={[
          { label: t("orderCount"), value: formats.count(home.order_count) },
          { label: t("codesOrdered"), value: formats.count(home.codes_ordered) },
          ...states.map(({ state, count }) => ({ label: stateName(state), value: formats.count(count) })),
        ]}
      />
    </Section>
  );
}
