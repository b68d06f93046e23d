import type { CodeState, OutcomeView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { App } from "antd";
import "./codes.css";
import { words } from "./words";

/** Return how to tell what became of a change: how many codes, and which ones stayed out. */
export function useOutcomeNote(): (outcome: OutcomeView) => void {
  const t = useWords(words);
  const formats = useFormats();
  const { notification } = App.useApp();
  return ({ changed_count, unchanged_count, passed_over }) => {
    const states = Object.entries(passed_over) as Array<[CodeState, number]>;
    const passed = states.map(([state, count]) =>
      t("passedOver", { count: formats.count(count), state: t(`state.${state}`) }),
    );
    notification.success({
      title: t("outcome", {
        changed: formats.count(changed_count),
        unchanged: formats.count(unchanged_count),
      }),
      description: passed.length > 0 && (
        <ul className="outcome-list">
          {passed.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      ),
    });
  };
}
