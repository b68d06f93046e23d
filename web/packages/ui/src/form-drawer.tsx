import { useWords } from "@wuma/locale";
import { Button, Drawer, Form } from "antd";
import type { ReactNode } from "react";
import { useSubmit } from "./form";
import { words } from "./words";

interface FormDrawerProps<Body, Answer> {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  send: (body: Body, headers: { "Idempotency-Key": string }) => Promise<Answer>;
  onAccepted: (answer: Answer) => void;
  changes: string[];
  initialValues?: object;
  submitLabel?: string;
  /** What it does cannot be undone and harms: the button is red. */
  isDanger?: boolean;
  children: ReactNode;
}

/** A form beside the list it adds to: the reader keeps their place, and gets it back when it closes. */
export function FormDrawer<Body extends object, Answer>(props: FormDrawerProps<Body, Answer>) {
  return (
    <Drawer
      title={props.title}
      open={props.isOpen}
      onClose={props.onClose}
      size={480}
      styles={{ wrapper: { maxWidth: "100vw" } }}
      destroyOnHidden
      mask={{ closable: false }} // a click beside the form must not throw away what was typed
    >
      <DrawerForm {...props} />
    </Drawer>
  );
}

function DrawerForm<Body extends object, Answer>(props: FormDrawerProps<Body, Answer>) {
  const t = useWords(words);
  const [form] = Form.useForm<Body>();
  const { submit, isSending, alert } = useSubmit<Body, Answer>({
    form,
    send: props.send,
    changes: props.changes,
    onAccepted: (answer) => {
      props.onClose();
      props.onAccepted(answer);
    },
  });
  return (
    <Form<Body>
      form={form}
      layout="vertical"
      requiredMark={false}
      initialValues={props.initialValues ?? {}}
      onFinish={submit}
      scrollToFirstError
      className="wm-drawer-form"
    >
      {props.children}
      {alert}
      <div className="wm-drawer-buttons">
        <Button type="primary" danger={props.isDanger === true} htmlType="submit" loading={isSending}>
          {props.submitLabel ?? props.title}
        </Button>
        <Button onClick={props.onClose}>{t("cancel")}</Button>
      </div>
    </Form>
  );
}
