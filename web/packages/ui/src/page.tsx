import type { ReactNode } from "react";

interface PageHeaderProps {
  title: ReactNode;
  /** One sentence: what this page is for. */
  purpose?: ReactNode;
  actions?: ReactNode;
}

export function PageHeader({ title, purpose, actions }: PageHeaderProps) {
  return (
    <header className="wm-page-header">
      <div>
        <h1>{title}</h1>
        {purpose !== undefined && <p>{purpose}</p>}
      </div>
      {actions !== undefined && <div className="wm-page-actions">{actions}</div>}
    </header>
  );
}

export function PageBody({ children }: { children: ReactNode }) {
  return <div className="wm-page-body">{children}</div>;
}
