import { ChevronLeft } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { Link } from "react-router";

const PRODUCT = "Wuma";

interface PageHeaderProps {
  title: string;
  /** What stands beside the title: a state, a number to copy. */
  mark?: ReactNode;
  /** One sentence: what this page is for. */
  purpose?: ReactNode;
  actions?: ReactNode;
  /** The way back to the list. */
  back?: ReactNode;
}

export function PageHeader({ title, mark, purpose, actions, back }: PageHeaderProps) {
  useEffect(() => {
    document.title = `${title} · ${PRODUCT}`;
  }, [title]);
  return (
    <header className="wm-page-header">
      <div>
        {back}
        <div className="wm-page-title">
          <h1>{title}</h1>
          {mark}
        </div>
        {purpose !== undefined && <p>{purpose}</p>}
      </div>
      {actions !== undefined && <div className="wm-page-actions">{actions}</div>}
    </header>
  );
}

export function BackLink({ to, children }: { to: string; children: ReactNode }) {
  return (
    <Link to={to} className="wm-back">
      <ChevronLeft size={15} aria-hidden />
      {children}
    </Link>
  );
}

export function PageBody({ children }: { children: ReactNode }) {
  return <div className="wm-page-body">{children}</div>;
}

interface SectionProps {
  title: string;
  purpose?: ReactNode;
  actions?: ReactNode;
  children?: ReactNode;
}

/** A part of a page, under a title of its own. */
export function Section({ title, purpose, actions, children }: SectionProps) {
  return (
    <section className="wm-section">
      <div className="wm-section-head">
        <h2>{title}</h2>
        {actions}
      </div>
      {purpose !== undefined && <p>{purpose}</p>}
      {children}
    </section>
  );
}
