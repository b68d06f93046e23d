/** What scripts add to a page. Each part is there or not: answers have a place and a report, the entrance a scanner. */

import { offerPlace } from "./place";
import { helpReporting } from "./report";
import { offerScanner } from "./scan";
import { helpTyping } from "./typed";

const place = document.querySelector<HTMLElement>("#place");
if (place !== null) offerPlace(place);

const report = document.querySelector<HTMLElement>("#report");
if (report !== null) helpReporting(report);

const typed = document.querySelector<HTMLFormElement>("#typed");
if (typed !== null) helpTyping(typed);

const scan = document.querySelector<HTMLElement>("#scan");
if (scan !== null) offerScanner(scan);
