import type { FileState, PrintFileView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { Status, type Tone } from "@wuma/ui";
import { words } from "./words";

export const STATES = [
  "queued",
  "making",
  "ready",
  "released",
  "purged",
  "expired",
  "failed",
] as const satisfies readonly FileState[];

const TONES: Record<FileState, Tone> = {
  queued: "busy",
  making: "busy",
  ready: "warn",
  released: "good",
  purged: "quiet",
  expired: "quiet",
  failed: "bad",
};

/** Whether a job is still at work on a file. */
export function isInWork(file: PrintFileView): boolean {
  return file.state === "queued" || file.state === "making";
}

export function FileStatus({ file }: { file: PrintFileView }) {
  const t = useWords(words);
  const formats = useFormats();
  const text =
    file.state === "making"
      ? t("state.making", { share: formats.share(file.made_count / file.count) })
      : t(`state.${file.state}`);
  return <Status tone={TONES[file.state]}>{text}</Status>;
}
