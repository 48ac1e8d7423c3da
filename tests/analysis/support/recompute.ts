/**
 * The telemetry analysis once more, as a person would do it by hand: one key after the other, one sample after
 * the other. What leo.find_bottlenecks is checked against; nothing of it comes from there.
 */

/** A metric as the analysis needs it. */
export interface Metric {
  /** Milliseconds before `asOf`; negative for one that was recorded after it. */
  age: number;
  companyId: string | null;
  stage: number | null;
  venture: string | null;
  sessionType: string | null;
  agents: (string | null)[] | null;
  /** Whole microseconds; what cannot be a duration is negative or Infinity. */
  stageTime: number | null;
  responseTime: number | null;
  /** Whole ten-thousandths, possibly out of range. */
  errorRate: number | null;
  actions: number | null;
  failures: number | null;
}

/** A row of telemetry_thresholds. */
export interface Threshold {
  type: string;
  key: string | null;
  ratio: number;
  minSamples: number;
  baselineDays: number;
  lookbackDays: number;
  isActive: boolean;
}

interface Finding {
  dimension_type: string;
  dimension_key: string;
  measure: string;
  severity: string;
  ratio: number;
  sample_count: number;
  exceedance_count: number;
  baseline_p50_ms: number | null;
  observed_p50_ms: number | null;
  baseline_error_rate?: number;
  observed_error_rate?: number;
}

/** What leo.find_bottlenecks has to answer. */
export interface Evidence {
  output_ref: { rows_scanned: number; dimensions_evaluated: number; bottlenecks: Finding[] };
  findings_count: number;
  top_bottleneck_category: string | null;
  reason_code?: string;
}

const DAY = 24 * 60 * 60 * 1000;
const types = ["stage", "venture", "agent", "session_type"];

/** @param companies whose metrics count; null for all metrics */
export function recompute(metrics: Metric[], thresholds: Threshold[], companies: string[] | null): Evidence {
  const active = thresholds.filter(({ isActive }) => isActive);
  const widest = Math.max(-Infinity, ...active.map(({ baselineDays, lookbackDays }) => baselineDays + lookbackDays));
  const inScope = metrics.filter(({ companyId }) => companies === null || companies.includes(companyId ?? ""));
  const scanned = inScope.filter(({ age }) => age >= 0 && age < widest * DAY);
  const findings: Finding[] = [];
  let evaluated = 0;
  for (const type of types) {
    for (const key of new Set(scanned.flatMap((metric) => keysOf(metric, type)))) {
      const threshold =
        active.find((row) => row.type === type && row.key === key) ??
        active.find((row) => row.type === type && row.key === null);
      if (!threshold) continue;
      const own = scanned.filter((metric) => keysOf(metric, type).includes(key));
      const lookback = threshold.lookbackDays * DAY;
      const latest = own.filter(({ age }) => age < lookback);
      const usual = own.filter(({ age }) => age >= lookback && age < lookback + threshold.baselineDays * DAY);
      const measured = [durationOf(type, usual, latest, threshold), errorRateOf(usual, latest, threshold)].filter(
        (result) => result !== undefined,
      );
      if (measured.length > 0) evaluated += 1;
      for (const { isBottleneck, ...finding } of measured) {
        if (isBottleneck) findings.push({ dimension_type: type, dimension_key: key, ...finding });
      }
    }
  }
  findings.sort(
    (a, b) =>
      b.ratio - a.ratio ||
      compare(a.dimension_type, b.dimension_type) ||
      compare(a.dimension_key, b.dimension_key) ||
      compare(a.measure, b.measure),
  );
  return {
    output_ref: {
      rows_scanned: scanned.length,
      dimensions_evaluated: evaluated,
      bottlenecks: findings.slice(0, 100),
    },
    findings_count: findings.length,
    top_bottleneck_category: findings[0]?.dimension_type ?? null,
    ...(evaluated === 0 ? { reason_code: "INSUFFICIENT_DATA" } : {}),
  };
}

function keysOf({ stage, venture, sessionType, agents }: Metric, type: string): string[] {
  if (type === "stage") return stage === null ? [] : [String(stage)];
  if (type === "venture") return venture === null ? [] : [venture];
  if (type === "session_type") return sessionType === null ? [] : [sessionType];
  const names = (agents ?? []).filter((name) => name !== null && name.trim() !== "");
  return [...new Set(names as string[])];
}

type Measured = Omit<Finding, "dimension_type" | "dimension_key"> & { isBottleneck: boolean };

function durationOf(type: string, usual: Metric[], latest: Metric[], threshold: Threshold): Measured | undefined {
  const durations = (metrics: Metric[]) =>
    metrics
      .map(({ stageTime, responseTime }) => (type === "agent" ? responseTime : stageTime))
      .filter((time) => time !== null && time >= 0 && time < Infinity) as number[];
  const samples = durations(latest);
  const baseline = median(durations(usual));
  const observed = median(samples);
  if (baseline === undefined || observed === undefined || baseline === 0) return undefined;
  return {
    measure: "duration",
    ...judge(observed, baseline, samples, threshold),
    baseline_p50_ms: baseline / 1000,
    observed_p50_ms: observed / 1000,
  };
}

function errorRateOf(usual: Metric[], latest: Metric[], threshold: Threshold): Measured | undefined {
  const samples = errorRates(latest);
  const baseline = mean(errorRates(usual));
  const observed = mean(samples);
  if (baseline === undefined || observed === undefined) return undefined;
  return {
    measure: "error_rate",
    // As if there had been one error in a hundred actions, at least.
    ...judge(observed, Math.max(baseline, 100), samples, threshold),
    baseline_p50_ms: null,
    observed_p50_ms: null,
    baseline_error_rate: Math.round(baseline) / 10_000,
    observed_error_rate: Math.round(observed) / 10_000,
  };
}

function errorRates(metrics: Metric[]): number[] {
  const rates: number[] = [];
  for (const { errorRate, actions, failures } of metrics) {
    if (errorRate !== null) {
      if (errorRate >= 0 && errorRate <= 10_000) rates.push(errorRate);
    } else if (actions !== null && failures !== null && actions > 0 && failures >= 0 && failures <= actions) {
      rates.push(Math.round((failures * 10_000) / actions));
    }
  }
  return rates;
}

function judge(observed: number, baseline: number, samples: number[], threshold: Threshold) {
  const exceedance_count = samples.filter((sample) => sample >= threshold.ratio * baseline).length;
  const ratio = Math.round((observed / baseline) * 1000) / 1000;
  const severity = ratio >= 10 ? "critical" : ratio >= 5 ? "high" : ratio >= 3 ? "medium" : "low";
  const isBottleneck = observed / baseline >= threshold.ratio && exceedance_count >= threshold.minSamples;
  return { isBottleneck, severity, ratio, sample_count: samples.length, exceedance_count };
}

function median(values: number[]): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] as number) + (sorted[Math.ceil(middle)] as number)) / 2;
}

function mean(values: number[]): number | undefined {
  if (values.length === 0) return undefined;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
