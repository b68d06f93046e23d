import { useQuery } from "@tanstack/react-query";
import { answered, api, type InvariantView, type JobView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import {
  type Column,
  choiceFilter,
  Empty,
  FilterChoice,
  Instant,
  PageBody,
  PageHeader,
  RecordTable,
  Section,
  Status,
  type Tone,
  useFilters,
  useKeysetList,
  useMay,
  wholeList,
} from "@wuma/ui";
import { words } from "./words";

const JOB_TONES = {
  todo: "quiet",
  doing: "busy",
  succeeded: "good",
  failed: "bad",
  cancelled: "quiet",
  aborted: "warn",
} as const satisfies Record<string, Tone>;

type JobStatus = keyof typeof JOB_TONES;

const FILTERS = { status: choiceFilter(Object.keys(JOB_TONES) as JobStatus[]) };

export function Component() {
  const t = useWords(words);
  const mayOperate = useMay("ops.operate");
  return (
    <>
      <PageHeader title={t("title")} purpose={t("purpose")} />
      <PageBody>
        <Invariants />
        {mayOperate && <Jobs />}
      </PageBody>
    </>
  );
}

function Invariants() {
  const t = useWords(words);
  const formats = useFormats();
  const query = useQuery({
    queryKey: ["invariants"],
    queryFn: () => answered(api.GET("/api/v1/invariants")),
  });
  const columns: Column<InvariantView>[] = [
    { key: "name", title: t("name"), render: (check) => <code>{check.name}</code> },
    {
      key: "result",
      title: t("result"),
      isShort: true,
      render: ({ violation_count: count }) =>
        count === 0 ? (
          <Status tone="good">{t("holds")}</Status>
        ) : (
          <Status tone="bad">{t("broken", { count: formats.count(count) })}</Status>
        ),
    },
    { key: "sample", title: t("sample"), render: (check) => check.sample.join(" · ") || "–" },
    { key: "at", title: t("checkedAt"), render: (check) => <Instant at={check.checked_at} /> },
    {
      key: "seconds",
      title: t("seconds"),
      isNumber: true,
      render: (check) => t("secondsN", { count: check.seconds.toFixed(2) }),
    },
  ];
  return (
    <Section title={t("invariants")} purpose={t("invariantsPurpose")}>
      <RecordTable
        label={t("invariants")}
        list={wholeList(query)}
        columns={columns}
        rowKey={(check) => check.name}
        empty={<Empty title={t("noInvariants")} />}
      />
    </Section>
  );
}

function Jobs() {
  const t = useWords(words);
  const filters = useFilters(FILTERS);
  const { status } = filters.values;
  const list = useKeysetList(["jobs", status], (place, signal) => {
    const query = { ...place, ...(status === null ? {} : { status }) };
    return answered(api.GET("/api/v1/jobs", { params: { query }, signal }));
  });
  const columns: Column<JobView>[] = [
    { key: "task", title: t("task"), render: (job) => <code>{job.task}</code> },
    {
      key: "status",
      title: t("status"),
      isShort: true,
      render: (job) =>
        isJobStatus(job.status) ? (
          <Status tone={JOB_TONES[job.status]}>{t(`status.${job.status}`)}</Status>
        ) : (
          job.status
        ),
    },
    { key: "attempts", title: t("attempts"), isNumber: true, render: (job) => job.attempts },
    { key: "due", title: t("scheduledAt"), render: (job) => <Instant at={job.scheduled_at} /> },
  ];
  const choose = (
    <FilterChoice
      label={t("status")}
      value={status}
      options={FILTERS.status.choices.map((value) => ({ value, label: t(`status.${value}`) }))}
      onChange={(value) => filters.set("status", value)}
    />
  );
  return (
    <Section title={t("jobs")} purpose={t("jobsPurpose")} actions={choose}>
      <RecordTable
        label={t("jobs")}
        list={list}
        columns={columns}
        rowKey={(job) => String(job.id)}
        empty={<Empty title={t("noJobs")} />}
        filters={filters}
      />
    </Section>
  );
}

function isJobStatus(status: string): status is JobStatus {
  return status in JOB_TONES;
}
