import {
  answered,
  api,
  type EntriesView,
  type ItemEntryForm,
  type StandingView,
  type TemplateItem,
  type TemplateView,
} from "@wuma/api-client";
import { useLocale, useWords } from "@wuma/locale";
import { FormDrawer } from "@wuma/ui";
import { App, Form, Input, Select } from "antd";
import { named } from "./labels";
import { words } from "./words";

/** Where something is entered: an item, or none yet; the entry that stands there, if one does. */
export interface Place {
  item: TemplateItem | null;
  subject: string;
  entry: StandingView | null;
}

type Fields = Pick<
  ItemEntryForm,
  "item" | "subject" | "value" | "least" | "most" | "method" | "instrument" | "operator" | "reason"
>;

interface EntryDrawerProps {
  batchId: string;
  template: TemplateView;
  place: Place | null;
  onClose: () => void;
}

/** Enter one item, or correct it; a correction says why, and the first word stays. */
export function EntryDrawer({ batchId, template, place, onClose }: EntryDrawerProps) {
  const t = useWords(words);
  const { message } = App.useApp();
  const entry = place?.entry ?? null;
  return (
    <FormDrawer<Fields, EntriesView>
      title={entry === null ? t("enterItem") : t("correct")}
      isOpen={place !== null}
      onClose={onClose}
      send={(fields, headers) => {
        const unchanged = entry === null ? {} : { replaces: entry.id };
        const body = { entries: [{ ...filled(fields), ...unchanged } as ItemEntryForm] };
        const params = { path: { batch_id: batchId } };
        return answered(api.POST("/api/v1/batches/{batch_id}/dossier/entries", { params, body, headers }));
      }}
      onAccepted={() => {
        message.success(t("entered"));
        onClose();
      }}
      changes={["dossiers"]}
      initialValues={{
        item: place?.item?.id,
        subject: place?.subject ?? "",
        value: entry?.value,
        least: entry?.least,
        most: entry?.most,
        method: entry?.method,
        instrument: entry?.instrument,
        operator: entry?.operator,
      }}
      submitLabel={entry === null ? t("enter") : t("correct")}
    >
      <EntryFields template={template} isCorrection={entry !== null} />
    </FormDrawer>
  );
}

/** An empty field is one that nobody filled in. */
function filled(fields: Fields): Partial<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== ""),
  );
}

function EntryFields({ template, isCorrection }: { template: TemplateView; isCorrection: boolean }) {
  const t = useWords(words);
  const { locale } = useLocale();
  const chosen: string | undefined = Form.useWatch("item");
  const item = template.items.find((one) => one.id === chosen);
  const section = template.sections.find((one) => one.id === item?.section);
  const options = template.sections
    .map((one) => ({
      label: named(one, locale),
      options: template.items
        .filter((each) => each.section === one.id && !each.is_drawn)
        .map((each) => ({ value: each.id, label: named(each, locale) })),
    }))
    .filter((group) => group.options.length > 0);
  return (
    <>
      <Form.Item name="item" label={t("item")} rules={[{ required: true, message: t("itemMissing") }]}>
        <Select showSearch={{ optionFilterProp: "label" }} options={options} disabled={isCorrection} />
      </Form.Item>
      {section?.recurs === true && (
        <Form.Item
          name="subject"
          label={locale === "zh-CN" ? section.subject_zh : section.subject_en}
          rules={[{ required: true, whitespace: true, message: t("subjectMissing") }]}
        >
          <Input maxLength={100} autoComplete="off" disabled={isCorrection} />
        </Form.Item>
      )}
      <Form.Item
        name="value"
        label={t("value")}
        extra={item === undefined ? undefined : [item.limit, item.clause].filter(Boolean).join(" · ")}
        rules={[{ required: true, whitespace: true, message: t("valueMissing") }]}
      >
        {item?.kind === "verdict" ? (
          <Select
            options={[
              { value: "pass", label: t("pass") },
              { value: "fail", label: t("fail") },
            ]}
          />
        ) : (
          <Input maxLength={500} autoComplete="off" suffix={item?.unit || undefined} />
        )}
      </Form.Item>
      {item?.kind === "number" && (
        <Form.Item label={t("limit")} extra={t("limitHint")}>
          <div className="wm-field-pair">
            <Form.Item name="least" noStyle>
              <Input placeholder={t("least")} inputMode="decimal" autoComplete="off" />
            </Form.Item>
            <Form.Item name="most" noStyle>
              <Input placeholder={t("most")} inputMode="decimal" autoComplete="off" />
            </Form.Item>
          </div>
        </Form.Item>
      )}
      <Form.Item name="method" label={t("method")}>
        <Input maxLength={200} autoComplete="off" />
      </Form.Item>
      <Form.Item name="instrument" label={t("instrument")}>
        <Input maxLength={200} autoComplete="off" />
      </Form.Item>
      <Form.Item name="operator" label={t("operator")}>
        <Input maxLength={200} autoComplete="off" />
      </Form.Item>
      {isCorrection && (
        <Form.Item
          name="reason"
          label={t("reason")}
          rules={[{ required: true, whitespace: true, message: t("reasonMissing") }]}
        >
          <Input maxLength={200} autoComplete="off" />
        </Form.Item>
      )}
    </>
  );
}
