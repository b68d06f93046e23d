import type { ThingView, XRay } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { Code, type Column, fixedList, Instant, RecordTable, Section } from "@wuma/ui";
import { Link } from "react-router";
import { words } from "./words";

type Stay = XRay["stays"][number];

/** In what it was and is packed, and what is in it: each a step to its own X-ray. */
export function Packed({ xray }: { xray: XRay }) {
  return (
    <>
      {xray.stays.length > 0 && <Stays stays={xray.stays} />}
      {xray.contents_count > 0 && <Contents contents={xray.contents} count={xray.contents_count} />}
    </>
  );
}

function Stays({ stays }: { stays: Stay[] }) {
  const t = useWords(words);
  const columns: Column<Stay>[] = [
    { key: "parent", title: t("parent"), render: ({ parent }) => <Thing thing={parent} /> },
    { key: "since", title: t("since"), render: ({ since }) => <Instant at={since} /> },
    {
      key: "until",
      title: t("until"),
      render: ({ until }) => (until === null ? t("nowIn") : <Instant at={until} />),
    },
  ];
  return (
    <Section title={t("whereItIs")} purpose={t("whereItWas")}>
      <RecordTable
        label={t("whereItIs")}
        list={fixedList(stays)}
        columns={columns}
        rowKey={(stay) => `${stay.parent.number} ${stay.since}`}
        empty={null}
      />
    </Section>
  );
}

function Contents({ contents, count }: { contents: ThingView[]; count: number }) {
  const t = useWords(words);
  const formats = useFormats();
  const isCut = count > contents.length;
  return (
    <Section
      title={t("contents", { count: formats.count(count) })}
      purpose={isCut ? t("contentsMore", { count: formats.count(contents.length) }) : undefined}
    >
      <ul className="xray-contents">
        {contents.map((thing) => (
          <li key={thing.number}>
            <Thing thing={thing} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** A thing by its public name, leading to its own X-ray. */
export function Thing({ thing }: { thing: ThingView }) {
  return (
    <Code value={thing.name}>
      <Link to={xrayPath(thing.name)}>{thing.name.replace(/^https?:\/\//, "")}</Link>
    </Code>
  );
}

export function xrayPath(code: string): string {
  return `/xray?code=${encodeURIComponent(code)}`;
}
