import { useWords } from "@wuma/locale";
import { Button, Tooltip } from "antd";
import { Check, Copy } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { words } from "./words";

const COPIED_MS = 1500;

/** A code, number or key: monospaced, never broken in the wrong place, copied with one click. */
export function Code({ value, children }: { value: string; children?: ReactNode }) {
  return (
    <span className="wm-code">
      <code>{children ?? value}</code>
      <CopyButton value={value} />
    </span>
  );
}

export function CopyButton({ value, label }: { value: string; label?: string }) {
  const t = useWords(words);
  const [isCopied, setIsCopied] = useState(false);

  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setIsCopied(false), COPIED_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);

  const Icon = isCopied ? Check : Copy;
  const name = isCopied ? t("copied") : t("copy");
  return (
    <Tooltip title={name}>
      <Button
        type={label === undefined ? "text" : "default"}
        size={label === undefined ? "small" : "middle"}
        className="wm-copy"
        aria-label={label === undefined ? `${name} ${value}` : undefined}
        icon={<Icon size={14} aria-hidden />}
        onClick={async (event) => {
          event.stopPropagation();
          event.preventDefault();
          await copy(value);
          setIsCopied(true);
        }}
      >
        {label}
      </Button>
    </Tooltip>
  );
}

/** Write to the clipboard; over plain http, as on a factory's own network, browsers only allow the old way. */
async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyTheOldWay(text);
  }
}

function copyTheOldWay(text: string): void {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "wm-offscreen";
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}
