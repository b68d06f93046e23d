import { answered, api, type EntryForm, type EntryView, type RecallView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { FormDrawer } from "@wuma/ui";
import { App, Form, Input, Segmented } from "antd";
import { codesOf } from "./scope";
import { words } from "./words";

export type RecordKind = "returned" | "destroyed" | "note";

interface RecordEntryProps {
  recall: RecallView;
  kind: RecordKind;
  onClose: () => void;
}

interface Fields {
  kind: RecordKind;
  codes?: string;
  note?: string;
}

/** Count goods back, or as destroyed, or write a note. */
export function RecordEntry({ recall, kind, onClose }: RecordEntryProps) {
  const t = useWords(words);
  const formats = useFormats();
  const { message } = App.useApp();
  return (
    <FormDrawer<Fields, EntryView>
      title={t("record")}
      isOpen
      onClose={onClose}
      changes={["recall"]}
      initialValues={{ kind }}
      onAccepted={({ unit_count }) =>
        message.success(
          unit_count === null ? t("recorded") : t("recordedN", { count: formats.count(unit_count) }),
        )
      }
      send={(fields, headers) => {
        const body: EntryForm = {
          kind: fields.kind,
          holder: null,
          codes: fields.kind === "note" ? [] : codesOf(fields.codes),
          at: new Date().toISOString(),
          note: fields.note ?? "",
        };
        const params = { path: { recall_id: recall.id } };
        return answered(api.POST("/api/v1/recalls/{recall_id}/entries", { params, body, headers }));
      }}
    >
      <EntryFields />
    </FormDrawer>
  );
}

function EntryFields() {
  const t = useWords(words);
  const kind = Form.useWatch<RecordKind>("kind");
  return (
    <>
      <Form.Item name="kind" label={t("what")}>
        <Segmented
          options={[
            { value: "returned", label: t("recordReturned") },
            { value: "destroyed", label: t("recordDestroyed") },
            { value: "note", label: t("recordNote") },
          ]}
        />
      </Form.Item>
      {kind !== "note" && (
        <Form.Item
          name="codes"
          label={t("goodsCodes")}
          extra={t("goodsCodesHint")}
          rules={[{ required: true, whitespace: true, message: t("codesMissing") }]}
        >
          <Input.TextArea autoSize={{ minRows: 4, maxRows: 14 }} spellCheck={false} />
        </Form.Item>
      )}
      <Form.Item
        name="note"
        label={t("text")}
        rules={kind === "note" ? [{ required: true, whitespace: true, message: t("textMissing") }] : []}
      >
        <Input.TextArea maxLength={1000} autoSize={{ minRows: 2, maxRows: 8 }} />
      </Form.Item>
    </>
  );
}
