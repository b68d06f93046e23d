import { useWords } from "@wuma/locale";
import { App, Button } from "antd";
import type { ReactNode } from "react";
import { words } from "./words";

interface ConfirmButtonProps {
  label: string;
  title: string;
  explanation: ReactNode;
  onConfirm: () => Promise<unknown>;
  /** Small, for the rows of a list, unless said otherwise. */
  size?: "small" | "middle";
  /** The main thing to do on a page, rather than something to be careful with. */
  isPrimary?: boolean;
}

/** A button for what cannot be taken back: it asks first and says what will happen. */
export function ConfirmButton({
  label,
  title,
  explanation,
  onConfirm,
  size = "small",
  isPrimary = false,
}: ConfirmButtonProps) {
  const t = useWords(words);
  const { modal } = App.useApp();
  return (
    <Button
      size={size}
      type={isPrimary ? "primary" : "text"}
      danger={!isPrimary}
      onClick={() =>
        modal.confirm({
          title,
          content: explanation,
          icon: null,
          okText: label,
          okButtonProps: { danger: !isPrimary },
          cancelText: t("cancel"),
          autoFocusButton: "cancel",
          onOk: onConfirm,
        })
      }
    >
      {label}
    </Button>
  );
}
