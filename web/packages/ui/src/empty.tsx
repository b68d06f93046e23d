import type { ReactNode } from "react";

interface EmptyProps {
  title: string;
  /** What this list is for, or what to do next. */
  hint?: ReactNode;
  action?: ReactNode;
}

/** A list without rows says what would be here and how it gets here. */
export function Empty({ title, hint, action }: EmptyProps) {
  return (
    <div className="wm-empty">
      <p className="wm-empty-title">{title}</p>
      {hint !== undefined && <p className="wm-empty-hint">{hint}</p>}
      {action}
    </div>
  );
}
