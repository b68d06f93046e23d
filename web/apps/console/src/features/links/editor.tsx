import { answered, api, type EditionView, type LinkBody } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { MomentPicker, Section, useSubmit } from "@wuma/ui";
import { Alert, AutoComplete, Button, Form, Input, Select, Switch } from "antd";
import type { Dayjs } from "dayjs";
import { Plus, Trash2 } from "lucide-react";
import { LinkTypeSelect } from "./link-type";
import { words } from "./words";

const MEDIA_TYPES = ["text/html", "application/pdf", "application/json", "image/jpeg", "video/mp4"];

interface EditorProps {
  anchor: string;
  /** What the change begins with: the edition in effect. */
  base: EditionView | undefined;
  /** The latest edition that was seen; nobody overwrites what they have not seen. */
  version: number;
  /** The edition that takes the place of this one later. */
  later: EditionView | undefined;
  onClose: () => void;
  onSaved: (edition: EditionView) => void;
}

interface Fields {
  description: string;
  links: LinkBody[];
  reason: string;
  effective_at?: Dayjs | null;
}

const NEW_LINK: LinkBody = {
  link_type: "gs1:pip",
  href: "https://",
  title: "",
  languages: [],
  media_type: "",
  contexts: [],
  forwards_query: true,
  is_default: false,
};

/** All links of an anchor, to be changed together; saved as the next edition, now or from a time on. */
export function Editor({ anchor, base, version, later, onClose, onSaved }: EditorProps) {
  const t = useWords(words);
  const formats = useFormats();
  const [form] = Form.useForm<Fields>();
  const { submit, isSending, alert } = useSubmit<Fields, EditionView>({
    form,
    send: (fields) => save(anchor, version, fields),
    changes: ["links", "link-hosts"],
    onAccepted: onSaved,
  });
  const first = { ...NEW_LINK, is_default: true };
  return (
    <Section title={t(version === 0 ? "begin" : "edit")}>
      <Form<Fields>
        form={form}
        layout="vertical"
        requiredMark={false}
        className="wm-drawer-form links-editor"
        initialValues={{
          description: base?.description ?? "",
          links: base === undefined || base.links.length === 0 ? [first] : base.links,
          reason: "",
        }}
        onFinish={submit}
        scrollToFirstError
      >
        {later !== undefined && (
          <Alert
            type="warning"
            showIcon
            title={t("scheduledWarning", { at: formats.instant(later.effective_at) })}
          />
        )}
        <Form.Item name="description" label={t("description")} extra={t("descriptionHint")}>
          <Input maxLength={200} autoComplete="off" />
        </Form.Item>
        <Form.List name="links">
          {(fields, { add, remove }) => (
            <>
              {fields.map(({ key, name }) => (
                <LinkFields key={key} place={name} onRemove={() => remove(name)} />
              ))}
              <Form.Item>
                <Button icon={<Plus size={14} aria-hidden />} onClick={() => add(NEW_LINK)}>
                  {t("addLink")}
                </Button>
              </Form.Item>
            </>
          )}
        </Form.List>
        <div className="wm-columns">
          <Form.Item name="reason" label={t("reason")} extra={t("reasonHint")}>
            <Input maxLength={500} autoComplete="off" />
          </Form.Item>
          <Form.Item name="effective_at" label={t("effectiveAt")} extra={t("effectiveAtHint")}>
            <MomentPicker />
          </Form.Item>
        </div>
        {alert}
        <div className="wm-drawer-buttons">
          <Button type="primary" htmlType="submit" loading={isSending}>
            {t("save")}
          </Button>
          <Button onClick={onClose}>{t("cancel")}</Button>
        </div>
      </Form>
    </Section>
  );
}

function LinkFields({ place, onRemove }: { place: number; onRemove: () => void }) {
  const t = useWords(words);
  const number = place + 1;
  return (
    <fieldset className="wm-fieldset">
      <legend>{t("oneLink", { number })}</legend>
      <div className="wm-columns">
        <Form.Item
          name={[place, "link_type"]}
          label={t("type")}
          extra={t("typeHint")}
          rules={[{ required: true, message: t("typeMissing") }]}
        >
          <LinkTypeSelect />
        </Form.Item>
        <Form.Item
          name={[place, "title"]}
          label={t("linkTitle")}
          rules={[{ required: true, whitespace: true, message: t("titleMissing") }]}
        >
          <Input maxLength={200} autoComplete="off" />
        </Form.Item>
      </div>
      <Form.Item
        name={[place, "href"]}
        label={t("href")}
        extra={t("hrefHint", { 10: "{10}", 21: "{21}" })}
        rules={[{ required: true, message: t("hrefMissing") }]}
      >
        <Input inputMode="url" maxLength={2048} autoComplete="off" spellCheck={false} />
      </Form.Item>
      <div className="wm-columns">
        <Form.Item name={[place, "languages"]} label={t("languages")} extra={t("languagesHint")}>
          <Select mode="tags" tokenSeparators={[",", " ", "，"]} options={tags("zh", "en")} />
        </Form.Item>
        <Form.Item name={[place, "media_type"]} label={t("mediaType")} extra={t("mediaTypeHint")}>
          <AutoComplete allowClear options={MEDIA_TYPES.map((value) => ({ value }))} />
        </Form.Item>
        <Form.Item name={[place, "contexts"]} label={t("contexts")} extra={t("contextsHint")}>
          <Select mode="tags" tokenSeparators={[",", " ", "，"]} options={[]} />
        </Form.Item>
        <Form.Item
          name={[place, "is_default"]}
          label={t("isDefault")}
          extra={t("isDefaultHint")}
          valuePropName="checked"
        >
          <Switch />
        </Form.Item>
        <Form.Item name={[place, "forwards_query"]} label={t("forwardsQuery")} valuePropName="checked">
          <Switch />
        </Form.Item>
      </div>
      <Button type="text" danger size="small" icon={<Trash2 size={16} aria-hidden />} onClick={onRemove}>
        {t("removeLink", { number })}
      </Button>
    </fieldset>
  );
}

function tags(...values: string[]) {
  return values.map((value) => ({ value, label: value }));
}

function save(anchor: string, version: number, fields: Fields): Promise<EditionView> {
  const links = fields.links.map((link) => ({ ...link, media_type: link.media_type ?? "" }));
  return answered(
    api.PUT("/api/v1/links", {
      params: { query: { anchor }, header: { "if-match": `"${version}"` } },
      body: { ...fields, links, effective_at: fields.effective_at?.toISOString() ?? null },
    }),
  );
}
