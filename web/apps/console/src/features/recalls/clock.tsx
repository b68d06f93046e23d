import type { RecallReport, Target } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { Section, Status } from "@wuma/ui";
import { words } from "./words";

/** How fast it went, against what the law and the trade ask for. */
export function Clock({ report }: { report: RecallReport }) {
  const t = useWords(words);
  return (
    <Section title={t("clock")}>
      <ul className="recall-clock">
        {report.targets.map((target) => (
          <li key={target.name}>
            <span>{t(`target.${target.name as "eu_4h" | "fsma_24h" | "cn_notice"}`)}</span>
            <TargetState target={target} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function TargetState({ target }: { target: Target }) {
  const t = useWords(words);
  const tone = target.met === null ? "busy" : target.met ? "good" : "bad";
  const word = target.met === null ? t("running") : target.met ? t("met") : t("missed");
  return (
    <span>
      {target.reached_seconds !== null && (
        <span className="wm-quiet-text">{t("reachedIn", { time: durationOf(target.reached_seconds) })} </span>
      )}
      <Status tone={tone}>{word}</Status>
    </span>
  );
}

/** Write a duration as a stop-watch does: 0.48 s, 4:05, 26:04:05. */
export function durationOf(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(2) : Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const rest = two(whole % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}
