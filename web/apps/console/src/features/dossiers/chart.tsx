import type { ChartView } from "@wuma/api-client";
import { LineChart } from "echarts/charts";
import { GridComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import "./dossiers.css";

use([LineChart, GridComponent, MarkLineComponent, TooltipComponent, SVGRenderer]);

/** One series over time, with the limits of the rules that speak of it. */
export default function Chart({ chart, name }: { chart: ChartView; name: string }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (box.current === null) return;
    const drawn = init(box.current, undefined, { renderer: "svg" });
    const limits = chart.rules.flatMap((rule) =>
      [rule.least, rule.most].filter((limit): limit is number => limit !== null),
    );
    drawn.setOption({
      animation: false,
      grid: { left: 48, right: 24, top: 16, bottom: 28 },
      tooltip: { trigger: "axis" },
      xAxis: { type: "time" },
      yAxis: { type: "value", scale: true, axisLabel: { formatter: `{value} ${chart.series.symbol}` } },
      series: [
        {
          type: "line",
          name,
          showSymbol: chart.points.length < 60,
          lineStyle: { color: "#0b6b57", width: 1.5 },
          itemStyle: { color: "#0b6b57" },
          data: chart.points.map((point) => [point.at, Number(point.mean.toFixed(3))]),
          markLine: {
            silent: true,
            symbol: "none",
            lineStyle: { color: "#b0201a" },
            data: [...new Set(limits)].map((limit) => ({ yAxis: limit })),
          },
        },
      ],
    });
    const watcher = new ResizeObserver(() => drawn.resize());
    watcher.observe(box.current);
    return () => {
      watcher.disconnect();
      drawn.dispose();
    };
  }, [chart, name]);
  return <div ref={box} className="wm-chart" role="img" aria-label={name} />;
}
