import { useQuery } from "@tanstack/react-query";
import { answered, api } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { Loaded, useMay, useSubmit } from "@wuma/ui";
import { App, Button, Form, Input, Modal } from "antd";
import { Trash2 } from "lucide-react";
import "./links.css";
import { words } from "./words";

interface HostsDialogProps {
  isOpen: boolean;
  onClose: () => void;
}

/** The hosts that links may lead to; one that is in use stays. */
export function HostsDialog({ isOpen, onClose }: HostsDialogProps) {
  const t = useWords(words);
  const mayWrite = useMay("links.write");
  const query = useQuery({
    queryKey: ["link-hosts"],
    queryFn: () => answered(api.GET("/api/v1/links/hosts")),
    enabled: isOpen,
  });
  return (
    <Modal
      title={t("hosts")}
      open={isOpen}
      onCancel={onClose}
      destroyOnHidden
      footer={<Button onClick={onClose}>{t("close")}</Button>}
    >
      <p>{t("hostsPurpose")}</p>
      <Loaded query={query}>
        {(hosts) =>
          hosts.length === 0 ? (
            <p className="wm-quiet-text">{t("noHosts")}</p>
          ) : (
            <ul className="links-hosts" aria-label={t("hosts")}>
              {hosts.map((host) => (
                <li key={host}>
                  <code>{host}</code>
                  {mayWrite && <RemoveHost host={host} />}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      {mayWrite && <AddHost />}
    </Modal>
  );
}

function RemoveHost({ host }: { host: string }) {
  const t = useWords(words);
  const [form] = Form.useForm();
  const { submit, isSending, alert } = useSubmit<string, unknown>({
    form,
    send: (gone) => answered(api.DELETE("/api/v1/links/hosts/{host}", { params: { path: { host: gone } } })),
    changes: ["link-hosts"],
    onAccepted: () => {},
  });
  return (
    <>
      {alert}
      <Button
        type="text"
        size="small"
        loading={isSending}
        icon={<Trash2 size={16} aria-hidden />}
        aria-label={t("removeHost", { host })}
        onClick={() => submit(host)}
      />
    </>
  );
}

function AddHost() {
  const t = useWords(words);
  const { message } = App.useApp();
  const [form] = Form.useForm<{ host: string }>();
  const { submit, isSending, alert } = useSubmit<{ host: string }, { host: string }>({
    form,
    send: (body, headers) => answered(api.POST("/api/v1/links/hosts", { body, headers })),
    changes: ["link-hosts"],
    onAccepted: ({ host }) => {
      form.resetFields();
      message.success(t("hostAdded", { host }));
    },
  });
  return (
    <Form form={form} layout="vertical" requiredMark={false} onFinish={submit}>
      <div className="wm-row">
        <Form.Item name="host" label={t("host")} rules={[{ required: true, message: t("hostMissing") }]}>
          <Input maxLength={253} autoComplete="off" placeholder="www.brand.cn" />
        </Form.Item>
        <Button htmlType="submit" loading={isSending}>
          {t("addHost")}
        </Button>
      </div>
      {alert}
    </Form>
  );
}
