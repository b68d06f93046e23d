import "./dossiers.css";

/** How complete a dossier is: a number, and a bar that shows it. */
export function Score({ percent }: { percent: number }) {
  return (
    <span className="wm-score">
      <span className="wm-score-bar" aria-hidden>
        <span className={percent === 100 ? "wm-score-full" : ""} style={{ inlineSize: `${percent}%` }} />
      </span>
      <span className="wm-score-text">{`${percent}%`}</span>
    </span>
  );
}
