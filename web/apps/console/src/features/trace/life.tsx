import type { LifeStep } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { Empty, Instant, Section, useDispositionName, useStepName } from "@wuma/ui";
import { Party, Thing } from "./thing";
import { words } from "./words";

/** What happened, in plain words and in order. */
export function Life({ life }: { life: LifeStep[] }) {
  const t = useWords(words);
  return (
    <Section title={t("life")} purpose={t("lifePurpose")}>
      {life.length === 0 && <Empty title={t("noLife")} />}
      <ol className="trace-life">
        {life.map((step) => (
          <li key={step.event_id}>
            <Instant at={step.at} />
            <Step step={step} />
          </li>
        ))}
      </ol>
    </Section>
  );
}

function Step({ step }: { step: LifeStep }) {
  const t = useWords(words);
  const stepName = useStepName();
  const dispositionName = useDispositionName();
  const carrier = step.via.at(-1);
  return (
    <div>
      <strong>{step.biz_step === null ? step.type : stepName(step.biz_step)}</strong>
      {step.place !== null && <Party party={step.place} />}
      {step.party !== null && <Party party={step.party} />}
      {step.disposition !== null && (
        <span className="wm-quiet-text">{dispositionName(step.disposition)}</span>
      )}
      {carrier !== undefined && (
        <span className="trace-via">
          {t("via")} <Thing thing={carrier} />
        </span>
      )}
    </div>
  );
}
