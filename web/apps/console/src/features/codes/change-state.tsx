import { answered, api, type OrderView, type OutcomeView, type TransitionForm } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { FormDrawer } from "@wuma/ui";
import { Form, Input, Select } from "antd";
import { useOutcomeNote } from "./outcome-note";
import { WantedFields } from "./wanted";
import { type Wanted, wantedBody } from "./wanted-body";
import { words } from "./words";

type Fields = Wanted & Pick<TransitionForm, "to" | "reason">;

const STATES = ["encoded", "sampled", "scrapped", "destroyed", "void"] as const;

interface ChangeStateProps {
  order: OrderView;
  isOpen: boolean;
  onClose: () => void;
}

/** Say what became of codes of an order. */
export function ChangeState({ order, isOpen, onClose }: ChangeStateProps) {
  const t = useWords(words);
  return (
    <FormDrawer<Fields, OutcomeView>
      title={t("changeState")}
      isOpen={isOpen}
      onClose={onClose}
      changes={["code-orders", "code-order", "batches", "batch"]}
      initialValues={{ by: "positions", first: 1, last: order.quantity }}
      onAccepted={useOutcomeNote()}
      send={({ to, reason = "", ...wanted }, headers) => {
        const body = { ...wantedBody({ ...wanted, orderId: order.id }), to, reason };
        return answered(api.POST("/api/v1/transitions", { body, headers }));
      }}
    >
      <p className="wm-quiet-text">{t("changeStateHint")}</p>
      <Form.Item name="to" label={t("to")} rules={[{ required: true, message: t("toMissing") }]}>
        <Select options={STATES.map((value) => ({ value, label: t(`to.${value}`) }))} />
      </Form.Item>
      <WantedFields />
      <Form.Item name="reason" label={t("reason")}>
        <Input maxLength={500} autoComplete="off" />
      </Form.Item>
    </FormDrawer>
  );
}
