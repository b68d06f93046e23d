import { useQuery } from "@tanstack/react-query";
import { answered, api } from "@wuma/api-client";
import { useMay, useMe } from "./session";

const ACCOUNTS_COUNT = 200; // the largest page; a brand has tens of accounts
const NAMES_MS = 5 * 60_000;
const PREFIX = "account:";

/** Who did something, by the name they are written down under; a stranger to this reader stays a number. */
export function ActorName({ actor }: { actor: string }) {
  const me = useMe();
  const { data } = useQuery({
    queryKey: ["accounts", "names"],
    queryFn: () => answered(api.GET("/api/v1/accounts", { params: { query: { limit: ACCOUNTS_COUNT } } })),
    enabled: useMay("accounts.read"),
    staleTime: NAMES_MS,
  });
  const id = actor.startsWith(PREFIX) ? actor.slice(PREFIX.length) : null;
  const name = id === me.account_id ? me.name : data?.items.find((account) => account.id === id)?.name;
  return <span title={actor}>{name ?? (id === null ? actor : `#${id.slice(-8)}`)}</span>;
}
