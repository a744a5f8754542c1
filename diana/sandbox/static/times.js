// Shows moments in a person's own time zone.

const formats = new Map();

function format(zone, name, options) {
  const key = `${zone} ${name}`;
  if (!formats.has(key)) formats.set(key, make(zone, options));
  return formats.get(key);
}

function make(zone, options) {
  try {
    return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone });
  } catch {
    return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" });
  }
}

/** Return hours and minutes, as 14:05. */
export const clockTime = (seconds, zone) =>
  format(zone, "time", { hour: "2-digit", minute: "2-digit" }).format(seconds * 1000);

/** Return a day with its weekday. */
export const day = (seconds, zone) =>
  format(zone, "day", { weekday: "long", day: "numeric", month: "long" }).format(seconds * 1000);

/** Say whether this browser knows the zone. */
export function isZone(zone) {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: zone }));
  } catch {
    return false;
  }
}

/** Return every zone that this browser can show. */
export const zones = () => Intl.supportedValuesOf?.("timeZone") ?? [];

/** Return the zone of this machine. */
export const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC";
