import { Problem } from "@wuma/api-client";
import { useWords, type Words } from "@wuma/locale";
import { Alert, Button } from "antd";
import { words as problemWords } from "./problem-words";
import { words } from "./words";

interface ProblemAlertProps {
  error: unknown;
  /** Shown as a button when trying again makes sense. */
  onRetry?: () => void;
  /** Fields whose faults are already shown at the field. */
  shownFields?: ReadonlySet<string>;
}

/** A refused request for people: what it means, what is wrong where, and what to do. */
export function ProblemAlert({ error, onRetry, shownFields }: ProblemAlertProps) {
  const t = useWords(words);
  const problem = error instanceof Problem ? error : new Problem({ detail: String(error) }, 0);
  const faults = problem.faults.filter((fault) => !shownFields?.has(Problem.fieldOf(fault).join("/")));
  return (
    <Alert
      type={problem.status >= 500 || problem.status === 0 ? "error" : "warning"}
      showIcon
      title={useTitle(problem)}
      description={
        <>
          {detailOf(problem, t)}
          {faults.length > 0 && (
            <ul className="wm-faults">
              {faults.map((fault) => (
                <li key={`${fault.at} ${fault.got}`}>
                  <code>{Problem.fieldOf(fault).join(" / ")}</code> {t("expectedGot", fault)}
                </li>
              ))}
            </ul>
          )}
        </>
      }
      action={
        onRetry && (
          <Button size="small" onClick={onRetry}>
            {t("retry")}
          </Button>
        )
      }
    />
  );
}

const SAID_BY_THE_TITLE: ReadonlySet<string> = new Set(["wrong-credentials", "unauthenticated"]);

function useTitle(problem: Problem): string {
  const name = useWords(problemWords);
  const key = `problem.${problem.slug}`;
  return isNamed(key) ? name(key) : problem.title || problem.message;
}

function detailOf(problem: Problem, t: Words<(typeof words)["zh-CN"]>): string {
  if (problem.slug === "unreachable") return t("unreachable");
  if (problem.slug === "bug") return `${t("incident")} ${String(problem.members.incident)}`;
  const seconds = problem.members.retry_after_seconds;
  if (typeof seconds === "number") return t("waitSeconds", { seconds });
  return SAID_BY_THE_TITLE.has(problem.slug) ? "" : problem.detail;
}

function isNamed(key: string): key is keyof (typeof problemWords)["zh-CN"] {
  return key in problemWords.en;
}
