import { useFormats } from "@wuma/locale";
import { Tooltip } from "antd";

/** An instant to the minute in the reader's zone; to the second, with the zone, on hover. */
export function Instant({ at }: { at: string | null | undefined }) {
  const formats = useFormats();
  if (at === null || at === undefined) return <span className="wm-quiet-text">–</span>;
  return (
    <Tooltip title={formats.instantExact(at)}>
      <time dateTime={at} className="wm-number">
        {formats.instant(at)}
      </time>
    </Tooltip>
  );
}
