import { QueryCache, QueryClient } from "@tanstack/react-query";
import { Problem } from "@wuma/api-client";

const RETRIES_MAX = 2;

/** The key under which the one signed in is kept. */
export const ME = ["me"] as const;

/** What pages have read. A refusal is final; what could not be reached is asked again.
 *
 * Everything is asked also where the browser calls itself offline: a server in the same hall needs no Internet,
 * and a click that waits silently for a line looks like a click that failed.
 */
export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: leaveWhenSignedOut }),
  defaultOptions: {
    queries: {
      networkMode: "always",
      staleTime: 10_000, // going back to a list shows it at once and does not ask again for these ms
      retry: (failureCount, error) => failureCount < RETRIES_MAX && isTemporary(error),
    },
    mutations: { networkMode: "always", onError: leaveWhenSignedOut },
  },
});

function isTemporary(error: unknown): boolean {
  return error instanceof Problem && (error.status === 0 || error.status === 503);
}

/** A session that has ended shows the sign-in page, which leads back to where the reader was. */
function leaveWhenSignedOut(error: unknown): void {
  if (error instanceof Problem && error.slug === "unauthenticated") queryClient.setQueryData(ME, null);
}
