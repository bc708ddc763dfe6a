// Sizes, times and numbers, as people read them.

export function bytes(size) {
  if (!(size >= 1000)) return `${Math.round(size || 0)} B`;
  for (const unit of ["kB", "MB", "GB", "TB"]) {
    size /= 1000;
    if (size < 1000 || unit === "TB") return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${unit}`;
  }
}

export function counted(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

export function sentence(text) {
  return text ? text[0].toUpperCase() + text.slice(1) : "";
}

export function span(seconds) {
  if (seconds < 1) return "a moment";
  for (const [size, one] of [[86400, "day"], [3600, "hour"], [60, "minute"]]) {
    if (seconds >= size) return counted(Math.round(seconds / size), one);
  }
  return counted(Math.round(seconds), "second");
}

export function ago(seconds) {
  return seconds < 10 ? "just now" : `${span(seconds)} ago`;
}

const HOUR = { hour: "2-digit", minute: "2-digit", hour12: false };

// `14:05`; with the day where that is not today.
export function clock(date, now = new Date()) {
  const hour = date.toLocaleTimeString("en-GB", HOUR);
  const day = (one) => new Date(one.getFullYear(), one.getMonth(), one.getDate()).getTime();
  const days = Math.round((day(date) - day(now)) / 86400000);
  if (days === 0) return hour;
  if (days === 1) return `tomorrow, ${hour}`;
  if (days === -1) return `yesterday, ${hour}`;
  return `${date.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" })}, ${hour}`;
}
