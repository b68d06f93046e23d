import { answered, api, type PartnerView, type SightRule, type SightView } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { Section, useSubmit } from "@wuma/ui";
import { Alert, App, Button, Checkbox, DatePicker, Form, Select, Switch } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { Plus, Trash2 } from "lucide-react";
import { words } from "./words";
import "./sights.css";

const FIELDS = [
  "bizStep",
  "disposition",
  "persistentDisposition",
  "readPoint",
  "bizLocation",
  "bizTransactionList",
  "sourceList",
  "destinationList",
  "sensorElementList",
  "ilmd",
  "certificationInfo",
  "extensions",
] as const;
const STEPS = [
  "commissioning",
  "packing",
  "shipping",
  "receiving",
  "storing",
  "retail_selling",
  "inspecting",
];
const SEPARATORS = [",", " ", "，", "、", "\n"];

interface RuleFields extends Omit<SightRule, "since" | "until"> {
  since?: Dayjs | null;
  until?: Dayjs | null;
}

interface Fields {
  rules: RuleFields[];
  hidden: string[];
  queries: string[];
}

const NEW_RULE: RuleFields = {
  own: true,
  places: [],
  products: [],
  biz_steps: [],
  dispositions: [],
  event_types: [],
};

/** What a partner sees, changed as a whole: nobody overwrites rules they have not seen. */
export function RulesForm({ partner, sight }: { partner: PartnerView; sight: SightView }) {
  const t = useWords(words);
  const { message } = App.useApp();
  const [form] = Form.useForm<Fields>();
  const { submit, isSending, alert } = useSubmit<Fields, SightView>({
    form,
    send: (fields) => save(sight, fields),
    changes: ["sights"],
    onAccepted: () => message.success(t("saved")),
  });
  return (
    <Section title={t("rules")}>
      <Form<Fields>
        form={form}
        layout="vertical"
        requiredMark={false}
        className="wm-drawer-form"
        initialValues={{ ...sight, rules: sight.rules.map(asFields) }}
        onFinish={submit}
        scrollToFirstError
      >
        <p className="wm-quiet-text">{t("rulesHint")}</p>
        {partner.gln === null && <Alert type="warning" showIcon title={t("noGln")} />}
        <Form.List name="rules">
          {(fields, { add, remove }, { errors }) => (
            <>
              {fields.map(({ key, name }) => (
                <Rule key={key} place={name} onRemove={() => remove(name)} />
              ))}
              <Form.Item>
                <Button icon={<Plus size={14} aria-hidden />} onClick={() => add(NEW_RULE)}>
                  {t("addRule")}
                </Button>
                <Form.ErrorList errors={errors} />
              </Form.Item>
            </>
          )}
        </Form.List>
        <Form.Item name="hidden" label={t("hidden")} extra={t("hiddenHint")}>
          <Checkbox.Group
            className="sight-fields"
            options={FIELDS.map((value) => ({ value, label: t(`field.${value}`) }))}
          />
        </Form.Item>
        <Form.Item name="queries" label={t("queries")} extra={t("queriesHint")}>
          <Select mode="tags" tokenSeparators={[",", "，", "\n"]} options={[]} />
        </Form.Item>
        {alert}
        <div className="wm-drawer-buttons">
          <Button type="primary" htmlType="submit" loading={isSending}>
            {t("save")}
          </Button>
        </div>
      </Form>
    </Section>
  );
}

function Rule({ place, onRemove }: { place: number; onRemove: () => void }) {
  const t = useWords(words);
  const number = place + 1;
  return (
    <fieldset className="wm-fieldset">
      <legend>{t("rule", { number })}</legend>
      <Form.Item name={[place, "own"]} label={t("own")} extra={t("ownHint")} valuePropName="checked">
        <Switch />
      </Form.Item>
      <div className="wm-columns">
        <Form.Item name={[place, "places"]} label={t("places")} extra={t("placesHint")}>
          <Select mode="tags" tokenSeparators={SEPARATORS} options={[]} />
        </Form.Item>
        <Form.Item name={[place, "products"]} label={t("products")} extra={t("productsHint")}>
          <Select mode="tags" tokenSeparators={SEPARATORS} options={[]} />
        </Form.Item>
        <Form.Item name={[place, "biz_steps"]} label={t("steps")} extra={t("stepsHint")}>
          <Select
            mode="tags"
            tokenSeparators={SEPARATORS}
            options={STEPS.map((value) => ({ value, label: value }))}
          />
        </Form.Item>
        <Form.Item name={[place, "since"]} label={t("since")}>
          <DatePicker showTime={{ format: "HH:mm" }} format="YYYY-MM-DD HH:mm" className="wm-wide" />
        </Form.Item>
        <Form.Item name={[place, "until"]} label={t("until")}>
          <DatePicker showTime={{ format: "HH:mm" }} format="YYYY-MM-DD HH:mm" className="wm-wide" />
        </Form.Item>
      </div>
      <Button type="text" danger size="small" icon={<Trash2 size={16} aria-hidden />} onClick={onRemove}>
        {t("removeRule", { number })}
      </Button>
    </fieldset>
  );
}

function asFields(rule: SightRule): RuleFields {
  return { ...rule, since: moment(rule.since), until: moment(rule.until) };
}

function moment(text: string | null | undefined): Dayjs | null {
  return text === null || text === undefined ? null : dayjs(text);
}

function save(sight: SightView, fields: Fields): Promise<SightView> {
  const rules = (fields.rules ?? []).map((rule) => ({
    ...NEW_RULE,
    ...rule,
    since: rule.since?.toISOString() ?? null,
    until: rule.until?.toISOString() ?? null,
  }));
  return answered(
    api.PUT("/api/v1/partner-sights/{partner_id}", {
      params: { path: { partner_id: sight.partner_id }, header: { "if-match": `"${sight.version}"` } },
      body: { rules, hidden: fields.hidden ?? [], queries: fields.queries ?? [] },
    }),
  );
}
