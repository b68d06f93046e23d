import type { ChangeView, EventView, PrintingView, ScanView, XRay } from "@wuma/api-client";

/** One thing that happened, whoever told of it. */
export type Moment = { key: string; at: string } & (
  | { kind: "ordered" }
  | { kind: "printed"; printing: PrintingView }
  | { kind: "state"; change: ChangeView }
  | { kind: "event"; event: EventView }
  | { kind: "scan"; scan: ScanView }
);

/** Put everything that is known to have happened on one line of time, the latest first. */
export function momentsOf(xray: XRay): Moment[] {
  const moments: Moment[] = [
    ...xray.scans.map((scan): Moment => ({ kind: "scan", key: scan.id, at: scan.at, scan })),
    ...xray.events.map((event): Moment => ({ kind: "event", key: `event ${event.id}`, at: event.at, event })),
    ...xray.history.map(
      (change, place): Moment => ({ kind: "state", key: `state ${place}`, at: change.at, change }),
    ),
    ...xray.printings.map(
      (printing): Moment => ({
        kind: "printed",
        key: `${printing.print_file_id} ${printing.released_at}`,
        at: printing.released_at,
        printing,
      }),
    ),
  ];
  if (xray.order !== null) moments.push({ kind: "ordered", key: "ordered", at: xray.order.ordered_at });
  return moments.sort((one, other) => Date.parse(other.at) - Date.parse(one.at));
}
