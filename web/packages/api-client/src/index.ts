export { actForTenant, answered, api, tenantActedFor } from "./client";
export { type FieldFault, Problem, problemOf } from "./problem";
export type * from "./schema.d.ts";
export { Submission } from "./submission";
