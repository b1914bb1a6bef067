// The office's clock: a date-and-time field means the office's zone, as in every form of the service.

const DAY = 86_400_000;

// What a clock in the zone shows at a moment, as milliseconds as if that were UTC.
export function onTheWall(moment, zone) {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone, hourCycle: "h23", calendar: "gregory", year: "numeric", month: "2-digit", day: "2-digit",
    hour: "2-digit", minute: "2-digit", second: "2-digit",
  }).formatToParts(moment);
  const of = Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(of.year, of.month - 1, of.day, of.hour, of.minute, of.second);
}

// Of an hour that comes twice, the first; of one that is left out, as the clock went before: so do the server's forms.
export function momentOf(local, zone) {
  const wanted = Date.parse(`${local}Z`);
  if (Number.isNaN(wanted)) return local;
  const [before, after] = [-DAY, DAY].map((by) => wanted - (onTheWall(wanted + by, zone) - (wanted + by)));
  const moment = onTheWall(before, zone) !== wanted && onTheWall(after, zone) === wanted ? after : before;
  return new Date(moment).toISOString();
}

// Somebody typed two digits of a year: no century is guessed.
export const hasShortYear = (local) => Date.parse(`${local}Z`) < Date.parse("0100-01-01T00:00:00Z");
