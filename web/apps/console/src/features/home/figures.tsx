export interface Figure {
  label: string;
  value: string;
  isBad?: boolean;
}

/** A row of large numbers. */
export function Figures({ figures }: { figures: Figure[] }) {
  return (
    <dl className="home-figures">
      {figures.map(({ label, value, isBad }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd className={isBad ? "home-bad" : undefined}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
