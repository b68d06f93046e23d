import { useFormats } from "@wuma/locale";
import { Check, X } from "lucide-react";
import { Fragment } from "react";

export interface Term {
  label: string;
  count: number;
  /** A part that should be nothing: the sum adds up with it, and yet something is lost. */
  isLoss?: boolean;
}

interface EquationProps {
  total: Term;
  parts: Term[];
  /** What to say when the parts add up, when they do not, and when some of them are losses. */
  balanced: string;
  unbalanced: (difference: number) => string;
  lost?: (count: number) => string;
}

/** A sum that must add up, shown as one: total = part + part + …, green when it does and red when not. */
export function Equation({ total, parts, balanced, unbalanced, lost }: EquationProps) {
  const difference = total.count - parts.reduce((sum, part) => sum + part.count, 0);
  const lostCount = parts.reduce((sum, part) => sum + (part.isLoss ? part.count : 0), 0);
  const holds = difference === 0 && lostCount === 0;
  const verdict = difference !== 0 ? unbalanced(difference) : holds ? balanced : lost?.(lostCount);
  return (
    <div className={`wm-equation ${holds ? "wm-holds" : "wm-breaks"}`}>
      <div className="wm-terms">
        <TermView term={total} />
        {parts.map((part, index) => (
          <Fragment key={part.label}>
            <span className="wm-operator">{index > 0 ? "+" : difference === 0 ? "=" : "≠"}</span>
            <TermView term={part} />
          </Fragment>
        ))}
      </div>
      <p className="wm-equation-verdict">
        {holds ? <Check size={15} aria-hidden /> : <X size={15} aria-hidden />}
        {verdict}
      </p>
    </div>
  );
}

function TermView({ term }: { term: Term }) {
  const formats = useFormats();
  return (
    <span className={term.isLoss && term.count > 0 ? "wm-term wm-loss" : "wm-term"}>
      <strong>{formats.count(term.count)}</strong>
      <span>{term.label}</span>
    </span>
  );
}
