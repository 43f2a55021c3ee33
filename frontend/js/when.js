// "12 分钟前" grows old on a page left open; times within the last hour are counted on.
const HOUR = 3600;

export function start() {
  setInterval(refresh, 30000);
}

function refresh() {
  for (const time of document.querySelectorAll("time[data-when]")) {
    const words = recentWords((Date.now() - Date.parse(time.dateTime)) / 1000);
    if (words && time.firstChild) time.firstChild.textContent = words;
  }
}

function recentWords(seconds) {
  if (!(seconds >= 0) || seconds >= HOUR) return "";
  return seconds < 60 ? "刚刚" : `${Math.floor(seconds / 60)} 分钟前`;
}
