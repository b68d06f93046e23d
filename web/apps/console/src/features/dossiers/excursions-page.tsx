import {
  answered,
  api,
  type ExcursionRuleForm,
  type ExcursionRuleView,
  type ExcursionView,
} from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import {
  type Column,
  Empty,
  FormDrawer,
  Instant,
  PageBody,
  PageHeader,
  RecordTable,
  Section,
  Status,
  useKeysetList,
  useMay,
} from "@wuma/ui";
import { App, Button, Form, Input, InputNumber, Select } from "antd";
import { Plus } from "lucide-react";
import { useState } from "react";
import { quantityName } from "./readings";
import { words } from "./words";

const UNITS: Record<string, string> = { Temperature: "CEL", RelativeHumidity: "P1", AbsoluteHumidity: "A93" };

/** Readings outside of the rules, and the rules. */
export function Component() {
  const t = useWords(words);
  const mayWrite = useMay("dossier.write");
  const [isMaking, setIsMaking] = useState(false);
  const [handling, setHandling] = useState<ExcursionView | null>(null);
  const alarms = useKeysetList(["excursions"], (place, signal) =>
    answered(api.GET("/api/v1/dossier/alarms", { params: { query: place }, signal })),
  );
  const rules = useKeysetList(["excursion-rules"], (place, signal) =>
    answered(api.GET("/api/v1/dossier/rules", { params: { query: place }, signal })),
  );
  const make = mayWrite && (
    <Button type="primary" icon={<Plus size={16} aria-hidden />} onClick={() => setIsMaking(true)}>
      {t("newRule")}
    </Button>
  );
  return (
    <>
      <PageHeader title={t("excursions")} purpose={t("excursionsPurpose")} actions={make} />
      <PageBody>
        <RecordTable
          label={t("excursions")}
          list={alarms}
          columns={useAlarmColumns(mayWrite ? setHandling : null)}
          rowKey={(alarm) => alarm.id}
          empty={<Empty title={t("noAlarms")} hint={t("noAlarmsHint")} />}
        />
        <Section title={t("rules")}>
          <RecordTable
            label={t("rules")}
            list={rules}
            columns={useRuleColumns(mayWrite)}
            rowKey={(rule) => rule.id}
            empty={<Empty title={t("noRules")} hint={t("noRulesHint")} action={make} />}
          />
        </Section>
      </PageBody>
      <NewRule isOpen={isMaking} onClose={() => setIsMaking(false)} />
      <Handling alarm={handling} onClose={() => setHandling(null)} />
    </>
  );
}

function useBounds() {
  const t = useWords(words);
  return (least: number | null, most: number | null, symbol: string) => {
    if (least !== null && most !== null)
      return t("between", { least: `${least}`, most: `${most} ${symbol}` });
    return least === null
      ? t("atMost", { most: `${most} ${symbol}` })
      : t("atLeast", { least: `${least} ${symbol}` });
  };
}

function useAlarmColumns(onHandle: ((alarm: ExcursionView) => void) | null): Column<ExcursionView>[] {
  const t = useWords(words);
  const formats = useFormats();
  const bounds = useBounds();
  return [
    { key: "rule", title: t("ruleName"), render: (one) => one.rule_name },
    { key: "lot", title: t("lot"), render: (one) => one.series.lot || "–" },
    {
      key: "worst",
      title: t("worst"),
      render: (one) => (
        <>
          {one.worst.toFixed(1)} {one.series.symbol}{" "}
          <small className="wm-quiet-text">{bounds(one.least, one.most, one.series.symbol)}</small>
        </>
      ),
    },
    {
      key: "lasted",
      title: t("lasted"),
      render: (one) => (
        <>
          {formats.instant(one.since)} – {one.is_over ? formats.instant(one.until) : t("ongoing")}
        </>
      ),
    },
    {
      key: "state",
      title: t("status"),
      render: (one) => {
        if (one.void_at !== null) return <Status tone="quiet">{t("void")}</Status>;
        if (one.handled_at !== null) return <Status tone="good">{t("handled")}</Status>;
        if (onHandle === null) return <Status tone="warn">{t("open")}</Status>;
        return (
          <Button size="small" onClick={() => onHandle(one)}>
            {t("handle")}
          </Button>
        );
      },
    },
  ];
}

function useRuleColumns(mayEnd: boolean): Column<ExcursionRuleView>[] {
  const t = useWords(words);
  const bounds = useBounds();
  return [
    { key: "name", title: t("ruleName"), render: (rule) => rule.name },
    { key: "quantity", title: t("quantity"), render: (rule) => quantityName(rule.quantity, t) },
    { key: "limit", title: t("limit"), render: (rule) => bounds(rule.least, rule.most, rule.symbol) },
    {
      key: "minutes",
      title: t("minutes"),
      isNumber: true,
      render: (rule) => `${Math.round(rule.seconds / 60)}`,
    },
    { key: "since", title: t("lasted"), render: (rule) => <Instant at={rule.since} /> },
    {
      key: "end",
      title: t("status"),
      render: (rule) => {
        if (rule.ended_at !== null) return <Status tone="quiet">{t("ended")}</Status>;
        return mayEnd ? <EndRule rule={rule} /> : null;
      },
    },
  ];
}

function EndRule({ rule }: { rule: ExcursionRuleView }) {
  const t = useWords(words);
  const { message } = App.useApp();
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Button size="small" onClick={() => setIsOpen(true)}>
        {t("endRule")}
      </Button>
      <FormDrawer<object, ExcursionRuleView>
        title={`${t("endRule")} · ${rule.name}`}
        isOpen={isOpen}
        onClose={() => setIsOpen(false)}
        send={(_, headers) =>
          answered(
            api.POST("/api/v1/dossier/rules/{rule_id}/end", {
              params: { path: { rule_id: rule.id } },
              headers,
            }),
          )
        }
        onAccepted={() => {
          message.success(t("ruleEnded"));
          setIsOpen(false);
        }}
        changes={["excursion-rules"]}
        submitLabel={t("endRule")}
        isDanger
      >
        {null}
      </FormDrawer>
    </>
  );
}

interface RuleFields {
  name: string;
  quantity: string;
  least?: number | null;
  most?: number | null;
  minutes?: number | null;
  place?: string;
}

function NewRule({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const t = useWords(words);
  const { message } = App.useApp();
  return (
    <FormDrawer<RuleFields, ExcursionRuleView>
      title={t("newRule")}
      isOpen={isOpen}
      onClose={onClose}
      send={(fields, headers) => {
        const body: ExcursionRuleForm = {
          name: fields.name,
          quantity: fields.quantity,
          unit: UNITS[fields.quantity] ?? "CEL",
          least: fields.least ?? null,
          most: fields.most ?? null,
          seconds: Math.round((fields.minutes ?? 0) * 60),
          place: fields.place || null,
        };
        return answered(api.POST("/api/v1/dossier/rules", { body, headers }));
      }}
      onAccepted={() => {
        message.success(t("ruleMade"));
        onClose();
      }}
      changes={["excursions", "excursion-rules"]}
      initialValues={{ quantity: "Temperature", minutes: 10 }}
      submitLabel={t("newRule")}
    >
      <Form.Item
        name="name"
        label={t("ruleName")}
        rules={[{ required: true, whitespace: true, message: t("subjectMissing") }]}
      >
        <Input maxLength={100} autoComplete="off" />
      </Form.Item>
      <Form.Item name="quantity" label={t("quantity")}>
        <Select options={Object.keys(UNITS).map((value) => ({ value, label: quantityName(value, t) }))} />
      </Form.Item>
      <Form.Item name="least" label={t("least")}>
        <InputNumber style={{ inlineSize: "100%" }} />
      </Form.Item>
      <Form.Item name="most" label={t("most")}>
        <InputNumber style={{ inlineSize: "100%" }} />
      </Form.Item>
      <Form.Item name="minutes" label={t("minutes")}>
        <InputNumber min={0} style={{ inlineSize: "100%" }} />
      </Form.Item>
      <Form.Item name="place" label={t("place")}>
        <Input maxLength={500} autoComplete="off" />
      </Form.Item>
    </FormDrawer>
  );
}

function Handling({ alarm, onClose }: { alarm: ExcursionView | null; onClose: () => void }) {
  const t = useWords(words);
  const { message } = App.useApp();
  return (
    <FormDrawer<{ note: string }, ExcursionView>
      title={t("handle")}
      isOpen={alarm !== null}
      onClose={onClose}
      send={(body, headers) => {
        const params = { path: { alarm_id: alarm?.id ?? "" } };
        return answered(api.POST("/api/v1/dossier/alarms/{alarm_id}/handling", { params, body, headers }));
      }}
      onAccepted={() => {
        message.success(t("handled"));
        onClose();
      }}
      changes={["excursions"]}
      submitLabel={t("handle")}
    >
      <Form.Item
        name="note"
        label={t("handledNote")}
        rules={[{ required: true, whitespace: true, message: t("subjectMissing") }]}
      >
        <Input maxLength={200} autoComplete="off" />
      </Form.Item>
    </FormDrawer>
  );
}
