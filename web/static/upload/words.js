// Sentences filled in, and numbers, sizes and times as they are said in the language of the page.

import { $ } from "./page.js";

const page = document.documentElement.lang;

/** As the rest of the page has them: dates day first, and digits Latin in every language. */
export const language = `${page === "en" ? "en-GB" : page}-u-nu-latn`;

export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
export const asPercent = (part) => new Intl.NumberFormat(language, { style: "percent" }).format(part);
export const asNumber = (count) => new Intl.NumberFormat(language).format(count);

function inUnit(value, unit, display = "short") {
  const digits = value < 10 && display === "short" ? 1 : 0;
  const how = { style: "unit", unit, unitDisplay: display, maximumFractionDigits: digits };
  return new Intl.NumberFormat(language, how).format(value);
}

export function asSize(bytes) {
  const steps = [[1e9, "gigabyte"], [1e6, "megabyte"], [1e3, "kilobyte"]];
  const [least, unit] = steps.find(([from]) => bytes >= from) ?? [1, "byte"];
  return inUnit(bytes / least, unit, unit === "byte" ? "long" : "short");
}

export function asTime(seconds) {
  if (seconds < 60) return inUnit(Math.max(1, Math.round(seconds)), "second", "long");
  if (seconds < 3600) return inUnit(Math.ceil(seconds / 60), "minute", "long");
  return `${inUnit(Math.floor(seconds / 3600), "hour", "long")} ${inUnit(Math.ceil((seconds % 3600) / 60), "minute", "long")}`;
}

export const announce = (text) => {
  $("said").textContent = text;
};
