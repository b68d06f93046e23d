import type { NewToken } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { CopyButton } from "@wuma/ui";
import { Button, Modal } from "antd";
import { words } from "./words";

/** Shows the secret of a new token the only time it can be seen; it closes by its button alone. */
export function SecretDialog({ token, onClose }: { token: NewToken | null; onClose: () => void }) {
  const t = useWords(words);
  return (
    <Modal
      open={token !== null}
      title={t("secretTitle")}
      closable={false}
      mask={{ closable: false }}
      keyboard={false}
      footer={
        <Button type="primary" onClick={onClose}>
          {t("secretDone")}
        </Button>
      }
    >
      <p>{t("secretText")}</p>
      <p className="token-secret">
        <code>{token?.token}</code>
      </p>
      {token !== null && <CopyButton value={token.token} label={t("secretCopy")} />}
    </Modal>
  );
}
