import { answered, api, type BatchView, type OutcomeView } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { FormDrawer } from "@wuma/ui";
import { DatePicker, Form } from "antd";
import type { Dayjs } from "dayjs";
import { useOutcomeNote } from "./outcome-note";
import { WantedFields } from "./wanted";
import { type Wanted, wantedBody } from "./wanted-body";
import { words } from "./words";

type Fields = Wanted & { at?: Dayjs | null };

interface ActivateProps {
  batch: BatchView;
  isOpen: boolean;
  onClose: () => void;
}

/** Say which codes are now on the items of a batch. */
export function Activate({ batch, isOpen, onClose }: ActivateProps) {
  const t = useWords(words);
  return (
    <FormDrawer<Fields, OutcomeView>
      title={t("activate")}
      isOpen={isOpen}
      onClose={onClose}
      changes={["batches", "batch", "code-orders", "code-order"]}
      initialValues={{ by: "positions", first: 1 }}
      onAccepted={useOutcomeNote()}
      send={({ at, ...wanted }, headers) => {
        const body = { ...wantedBody(wanted), batch_id: batch.id, at: at ? at.toISOString() : null };
        return answered(api.POST("/api/v1/activations", { body, headers }));
      }}
    >
      <p className="wm-quiet-text">{t("activateHint")}</p>
      <WantedFields productId={batch.product_id} />
      <Form.Item name="at" label={t("at")} extra={t("atHint")}>
        <DatePicker showTime className="wm-wide" />
      </Form.Item>
    </FormDrawer>
  );
}
