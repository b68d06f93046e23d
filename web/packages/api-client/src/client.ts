import createClient from "openapi-fetch";
import { problemOf, unreachable } from "./problem";
import type { paths } from "./schema.d.ts";

const TENANT = "wuma.tenant";

/** The platform API, typed by its OpenAPI document. A refused request throws a `Problem`. */
export const api = createClient<paths>({ baseUrl: globalThis.location?.origin ?? "", fetch: fetchOrExplain });

api.use({
  onRequest({ request }) {
    const tenant = tenantActedFor();
    if (tenant !== null) request.headers.set("Wuma-Tenant", tenant);
    return request;
  },
  async onResponse({ response }) {
    if (!response.ok) throw await problemOf(response);
    return undefined;
  },
});

async function fetchOrExplain(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw unreachable(error);
  }
}

/** Wait for a call of `api` and return what it answered. */
export async function answered<Data>(call: Promise<{ data?: Data }>): Promise<Data> {
  const { data } = await call;
  return data as Data; // without data there was a problem, and it has been thrown; or the answer is empty
}

/** The slug of the tenant that an operator of the platform acts for; of this tab only. */
export function tenantActedFor(): string | null {
  return sessionStorage.getItem(TENANT);
}

export function actForTenant(slug: string | null): void {
  if (slug === null) sessionStorage.removeItem(TENANT);
  else sessionStorage.setItem(TENANT, slug);
}
