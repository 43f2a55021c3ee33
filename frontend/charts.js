// A chart is drawn from the table beside it. The table stays: for readers, for paper, and when no script runs.
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);

const cssValue = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const number = (words) => {
  const value = Number.parseFloat(words.replaceAll(/[,，\s%]/g, ""));
  return Number.isNaN(value) ? null : value;
};

/** First column: the categories; every further column: one series named by its head. Cells may hold links. */
function read(table) {
  const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
  const rows = [...table.tBodies[0].rows].map((row) => [...row.cells]);
  return {
    names: rows.map((cells) => cells[0].textContent.trim()),
    series: heads.slice(1).map((title, at) => ({
      title,
      values: rows.map((cells) => number(cells[at + 1].textContent)),
      links: rows.map((cells) => cells[at + 1].querySelector("a")?.href ?? ""),
    })),
  };
}

function palette() {
  return ["--bar", "--success", "--warning", "--ink-3", "--accent-strong"].map(cssValue);
}

function seriesOf(table, one, index) {
  const bar = table.dataset.chart === "bar";
  return {
    name: one.title,
    type: bar ? "bar" : "line",
    data: one.values,
    stack: "stack" in table.dataset ? "all" : undefined,
    barMaxWidth: 28,
    itemStyle: bar ? { borderRadius: "stack" in table.dataset ? 0 : [3, 3, 0, 0] } : undefined,
    lineStyle: { width: 2 },
    symbol: "circle",
    symbolSize: 6,
    showSymbol: one.values.length <= 24,
    areaStyle: !bar && index === 0 ? { opacity: 0.08 } : undefined,
    emphasis: { focus: "series" },
    cursor: one.links.some(Boolean) ? "pointer" : "default",
  };
}

function option(table, { names, series }) {
  const size = Number.parseFloat(getComputedStyle(document.body).fontSize) * 0.9;
  const text = { color: cssValue("--ink-2"), fontFamily: cssValue("--font"), fontSize: size };
  const unit = table.dataset.unit ?? "";
  return {
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    animationDuration: 150,
    color: palette(),
    textStyle: text,
    grid: { left: 4, right: 12, top: series.length > 1 ? 40 : 16, bottom: 4, containLabel: true },
    legend: series.length > 1 ? { top: 0, left: 0, icon: "roundRect", itemWidth: 10, itemHeight: 10, textStyle: text } : undefined,
    // Tooltips as HTML carry style attributes, which the content policy refuses.
    tooltip: {
      trigger: "axis", renderMode: "richText", confine: true,
      backgroundColor: cssValue("--paper"), borderColor: cssValue("--edge-soft"), textStyle: { ...text, color: cssValue("--ink") },
      valueFormatter: (value) => (value == null ? "没有数据" : `${value.toLocaleString("zh-CN")} ${unit}`),
    },
    xAxis: { type: "category", data: names, boundaryGap: table.dataset.chart === "bar", axisTick: { show: false }, axisLine: { lineStyle: { color: cssValue("--edge-soft") } }, axisLabel: text },
    yAxis: { type: "value", minInterval: 1, splitLine: { lineStyle: { color: cssValue("--line") } }, axisLabel: text },
    series: series.map((one, index) => seriesOf(table, one, index)),
  };
}

function draw(table) {
  const figure = table.closest("figure") ?? table.parentElement;
  figure.classList.add("chart");
  const canvas = document.createElement("div");
  canvas.className = "chart-canvas";
  canvas.setAttribute("aria-hidden", "true");
  table.before(canvas);
  figure.setAttribute("data-drawn", "");
  const data = read(table);
  const chart = init(canvas, null, { renderer: "canvas" });
  const paint = () => chart.setOption(option(table, data), true);
  paint();
  chart.on("click", ({ seriesIndex, dataIndex }) => {
    const link = data.series[seriesIndex]?.links[dataIndex];
    if (link) location.href = link;
  });
  new ResizeObserver(() => chart.resize()).observe(canvas);
  document.addEventListener("zq:theme", paint);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  addSwitch(figure, canvas, chart);
}

function addSwitch(figure, canvas, chart) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "tool chart-toggle";
  button.textContent = "看表格";
  button.addEventListener("click", () => {
    const asTable = figure.toggleAttribute("data-as-table");
    button.textContent = asTable ? "看图" : "看表格";
    if (!asTable) chart.resize();
  });
  figure.append(button);
}

for (const table of document.querySelectorAll("table[data-chart]")) draw(table);
