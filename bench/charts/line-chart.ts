/** A value measured at one size, with the range over the rounds. */
export interface Point {
  x: number;
  median: number;
  min: number;
  max: number;
}

export interface LineChart {
  title: string;
  /** What was measured, on what and when. */
  subtitle: string;
  xLabel: string;
  /** Unit of the values. */
  unit: string;
  /** At most as many as there are colours. */
  lines: { name: string; points: Point[] }[];
}

const WIDTH = 720;
const HEIGHT = 400;
const AREA = { left: 64, right: 560, top: 88, bottom: 336 };
/** Told apart also by who sees no difference between red and green. */
const colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"];
const INK = "#24292f";
const FAINT = "#d0d7de";
const MUTED = "#57606a";

const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const at = (value: number) => value.toFixed(1).replace(/\.0$/, "");
/** `1 000 000`, with blanks that do not break. */
const grouped = (value: number) => String(value).replace(/\B(?=(\d{3})+$)/g, "\u00a0");
const short = (value: number) => String(Number(value.toPrecision(3)));

/** The least of 1, 2 and 5 times a power of ten with which at most five steps reach `greatest`. */
function step(greatest: number): number {
  const power = 10 ** Math.floor(Math.log10(greatest / 5));
  return power * ([1, 2, 5, 10].find((factor) => factor * power * 5 >= greatest) ?? 10);
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${at(x)}" y="${at(y)}" ${attributes}>${escaped(content)}</text>`;
}

/**
 * An SVG of values by size: sizes on a logarithmic axis, values on one that begins at 0, so that a line which looks
 * level is level. Bars show the range of the rounds.
 *
 * @throws Error when there is nothing to draw
 */
export function lineChart({ title, subtitle, xLabel, unit, lines }: LineChart): string {
  const points = lines.flatMap((line) => line.points);
  if (points.length === 0) throw new Error(`nothing to draw: ${title}`);
  const sizes = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  const [least = 1, most = 1] = [sizes.at(0), sizes.at(-1)];
  const yStep = step(Math.max(...points.map(({ max }) => max)));
  const top = yStep * Math.ceil(Math.max(...points.map(({ max }) => max)) / yStep);
  const share = (x: number) => (most === least ? 0.5 : Math.log(x / least) / Math.log(most / least));
  const px = (x: number) => AREA.left + 28 + share(x) * (AREA.right - AREA.left - 56);
  const py = (y: number) => AREA.bottom - (y / top) * (AREA.bottom - AREA.top);

  const parts = [
    text(24, 32, title, `font-size="17" font-weight="600" fill="${INK}"`),
    text(24, 52, subtitle, `font-size="12" fill="${MUTED}"`),
  ];
  for (let tick = 0; tick * yStep <= top * 1.0001; tick += 1) {
    const y = py(tick * yStep);
    parts.push(
      `<line x1="${AREA.left}" y1="${at(y)}" x2="${AREA.right}" y2="${at(y)}" stroke="${FAINT}"/>`,
      text(AREA.left - 8, y + 4, short(tick * yStep), `font-size="12" fill="${MUTED}" text-anchor="end"`),
    );
  }
  parts.push(text(AREA.left - 8, AREA.top - 8, unit, `font-size="12" fill="${MUTED}" text-anchor="end"`));
  for (const x of sizes) {
    parts.push(text(px(x), AREA.bottom + 20, grouped(x), `font-size="12" fill="${MUTED}" text-anchor="middle"`));
  }
  const middle = (AREA.left + AREA.right) / 2;
  parts.push(text(middle, AREA.bottom + 42, xLabel, `font-size="12" fill="${MUTED}" text-anchor="middle"`));

  // Names stand at the ends of their lines, and no two on top of each other.
  let lowest = Number.POSITIVE_INFINITY;
  const named = lines
    .map((line, index) => ({ ...line, colour: colours[index % colours.length] ?? INK, end: line.points.at(-1) }))
    .sort((a, b) => (a.end?.median ?? 0) - (b.end?.median ?? 0));
  for (const { name, points: own, colour, end } of named) {
    if (!end) continue;
    const corners = own.map(({ x, median }) => `${at(px(x))},${at(py(median))}`).join(" ");
    parts.push(`<polyline points="${corners}" fill="none" stroke="${colour}" stroke-width="2"/>`);
    for (const { x, median, min, max } of own) {
      const cx = at(px(x));
      parts.push(
        `<line x1="${cx}" y1="${at(py(min))}" x2="${cx}" y2="${at(py(max))}" stroke="${colour}" stroke-opacity="0.5"/>`,
        `<circle cx="${cx}" cy="${at(py(median))}" r="4" fill="${colour}"/>`,
      );
    }
    const y = Math.min(py(end.median) + 4, lowest - 16);
    lowest = y;
    parts.push(text(px(end.x) + 12, y, `${name}, ${short(end.median)} ${unit}`, `font-size="12" fill="${colour}"`));
  }

  const head =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" ` +
    `font-family="system-ui, sans-serif" role="img" aria-label="${escaped(title).replaceAll('"', "&quot;")}">`;
  const background = `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`;
  return `${[head, background, ...parts, "</svg>"].join("\n")}\n`;
}
