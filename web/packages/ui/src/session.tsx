import type { Me } from "@wuma/api-client";
import { createContext, type ReactNode, useContext } from "react";

export type { Me };

const Context = createContext<Me | null>(null);

export function MeProvider({ me, children }: { me: Me; children: ReactNode }) {
  return <Context value={me}>{children}</Context>;
}

/** Who is signed in. */
export function useMe(): Me {
  const me = useContext(Context);
  if (me === null) throw new Error("useMe outside of MeProvider");
  return me;
}

/** Whether the one signed in has a permission. Only to hide what the server would refuse anyway. */
export function useMay(permission: string): boolean {
  return useMe().permissions.includes(permission);
}
