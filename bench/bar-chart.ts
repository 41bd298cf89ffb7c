/** A horizontal bar chart as SVG, without a background: every colour is legible on white and on black. */

export interface Bar {
  readonly name: string;
  readonly isHighlighted: boolean;
  /** The length of the bar. */
  readonly value: number;
  /** Each is a stroke across the bar. */
  readonly strokes: readonly number[];
  /** It stands behind the bar. */
  readonly label: string;
}

export interface BarChart {
  readonly title: string;
  readonly bars: readonly Bar[];
  /** A logarithmic axis from 1: for values too far apart for lengths to tell. */
  readonly isLogarithmic?: boolean;
}

const INK = "#737c86";
const HIGHLIGHT = "#2f81f7";
const OTHERS = "#8c959f";
/** Pixels; a character of a name is about as wide as `CHARACTER`. */
const [WIDTH, ROW, BAR, TOP, BOTTOM, CHARACTER] = [520, 26, 16, 36, 24, 7.2];

export function barChart({ title, bars, isLogarithmic = false }: BarChart): string {
  const most = Math.max(...bars.flatMap(({ value, strokes }) => [value, ...strokes]));
  const end = most * (isLogarithmic ? 4 : 1.15);
  const left = Math.ceil(Math.max(...bars.map(({ name }) => name.length)) * CHARACTER) + 16;
  const floor = TOP + bars.length * ROW;
  const x = (value: number) => {
    const share = isLogarithmic ? Math.log(Math.max(1, value)) / Math.log(end) : value / end;
    return Number((left + share * WIDTH).toFixed(1));
  };
  const grid = (isLogarithmic ? powersOfTen(end) : roundSteps(end)).map(
    (tick) =>
      `<path d="M${x(tick)} ${TOP}V${floor}" stroke="${INK}" stroke-opacity=".2"/>` +
      `<text x="${x(tick)}" y="${floor + 17}" text-anchor="middle">${tick.toLocaleString("en-US")}</text>`,
  );
  const rows = bars.map(({ name, isHighlighted, value, strokes, label }, row) => {
    const [middle, top] = [TOP + (row + 0.5) * ROW, TOP + row * ROW + (ROW - BAR) / 2];
    const color = isHighlighted ? HIGHLIGHT : OTHERS;
    const marks = strokes.map((stroke) => `M${x(stroke)} ${top}v${BAR}`).join("");
    const edge = x(Math.max(value, ...strokes)) + 8;
    return [
      `<text x="${left - 8}" y="${middle + 4.5}" text-anchor="end">${escaped(name)}</text>`,
      `<rect x="${left}" y="${top}" width="${(x(value) - left).toFixed(1)}" height="${BAR}" fill="${color}" fill-opacity=".55"/>`,
      `<path d="${marks}" stroke="${color}" stroke-width="1.5"/>`,
      `<text x="${edge}" y="${middle + 4.5}" font-weight="bold">${escaped(label)}</text>`,
    ].join("");
  });
  const [width, height] = [left + WIDTH + 16, floor + BOTTOM];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
      `font-family="system-ui, sans-serif" font-size="13" fill="${INK}">`,
    `<text x="0" y="18" font-size="15" font-weight="bold">${escaped(title)}</text>`,
    ...grid,
    ...rows,
    `<path d="M${left} ${TOP}V${floor}H${left + WIDTH}" stroke="${INK}" fill="none"/>`,
    "</svg>",
  ].join("\n");
}

function powersOfTen(end: number): number[] {
  return Array.from({ length: Math.floor(Math.log10(end)) + 1 }, (_, i) => 10 ** i);
}

/** At most ten steps of 1, 2 or 5 times a power of ten. */
function roundSteps(end: number): number[] {
  const power = 10 ** Math.floor(Math.log10(end / 10));
  const step = power * [1, 2, 5, 10].find((factor) => end / (power * factor) <= 10)!;
  return Array.from({ length: Math.floor(end / step) + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
