import { useFormats } from "@wuma/locale";
import { Check, X } from "lucide-react";
import { Fragment } from "react";

export interface Term {
  label: string;
  count: number;
}

interface EquationProps {
  total: Term;
  parts: Term[];
  /** What to say when the parts add up, and when they do not: “{count}” of them are unaccounted for. */
  balanced: string;
  unbalanced: (difference: number) => string;
}

/** A sum that must add up, shown as one: total = part + part + …, green when it does and red when not. */
export function Equation({ total, parts, balanced, unbalanced }: EquationProps) {
  const difference = total.count - parts.reduce((sum, part) => sum + part.count, 0);
  const holds = difference === 0;
  return (
    <div className={`wm-equation ${holds ? "wm-holds" : "wm-breaks"}`}>
      <div className="wm-terms">
        <TermView term={total} />
        {parts.map((part, index) => (
          <Fragment key={part.label}>
            <span className="wm-operator">{index === 0 ? (holds ? "=" : "≠") : "+"}</span>
            <TermView term={part} />
          </Fragment>
        ))}
      </div>
      <p className="wm-equation-verdict">
        {holds ? <Check size={15} aria-hidden /> : <X size={15} aria-hidden />}
        {holds ? balanced : unbalanced(difference)}
      </p>
    </div>
  );
}

function TermView({ term }: { term: Term }) {
  const formats = useFormats();
  return (
    <span className="wm-term">
      <strong>{formats.count(term.count)}</strong>
      <span>{term.label}</span>
    </span>
  );
}
