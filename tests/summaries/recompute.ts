/** A row of orchestration_metrics, durations in microseconds and exact numbers as text. */
export interface Metric {
  company_id: string | null;
  /** In UTC, e.g. `2026-03-01T12:00:00`. */
  recorded_at: string | null;
  action_count: number | null;
  success_count: number | null;
  failure_count: number | null;
  api_calls_made: number | null;
  chairman_interventions: number | null;
  chairman_approvals: number | null;
  chairman_rejections: number | null;
  error_rate: string | null;
  compute_cost: string | null;
  stage_duration: number | null;
  agent_response_time: number | null;
  handoff_efficiency: string | null;
  agent_utilization: string | null;
  data_quality_score: string | null;
  confidence_score: string | null;
}

/** A row that `orchestration_summary` answers. */
export interface DaySummary {
  company_id: string;
  day: string;
  metric_count: number;
  action_count: number;
  success_count: number;
  failure_count: number;
  error_rate: number | null;
  reported_error_rate: number | null;
  api_calls_made: number;
  chairman_interventions: number;
  chairman_approvals: number;
  chairman_rejections: number;
  compute_cost: number;
  stage_duration_p50_ms: number | null;
  stage_duration_p95_ms: number | null;
  agent_response_time_p50_ms: number | null;
  agent_response_time_p95_ms: number | null;
  handoff_efficiency: number | null;
  agent_utilization: number | null;
  data_quality_score: number | null;
  confidence_score: number | null;
}

const given = <T>(values: (T | null)[]): T[] => values.filter((value) => value !== null);
const sum = (values: (number | null)[]): number => given(values).reduce((total, value) => total + value, 0);

/** A decimal in ten-thousandths. */
function tenThousandths(decimal: string): bigint {
  const [, sign, whole, fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(decimal) ?? [];
  return BigInt(`${sign}${whole}${fraction.padEnd(4, "0")}`);
}

/** A fraction, rounded half away from zero; null without a denominator. */
function rounded(numerator: bigint, denominator: bigint, decimals: number): number | null {
  if (denominator === 0n) return null;
  const isNegative = numerator < 0n !== denominator < 0n;
  const [top, bottom] = [numerator < 0n ? -numerator : numerator, denominator < 0n ? -denominator : denominator];
  const units = (2n * top * 10n ** BigInt(decimals) + bottom) / (2n * bottom);
  return Number(isNegative ? -units : units) / 10 ** decimals;
}

function mean(values: (string | null)[], decimals: number): number | null {
  const numbers = given(values).map(tenThousandths);
  const total = numbers.reduce((one, other) => one + other, 0n);
  return rounded(total, BigInt(numbers.length) * 10_000n, decimals);
}

/** A percentile of durations in microseconds, in milliseconds, between two of them where it falls there. */
function percentile(durations: (number | null)[], share: number): number | null {
  const sorted = given(durations).sort((one, other) => one - other);
  const place = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  if (below === undefined || above === undefined) return null;
  return (below + (place - Math.floor(place)) * (above - below)) / 1000;
}

function summarizeDay(company_id: string, day: string, metrics: Metric[]): DaySummary {
  const column = <K extends keyof Metric>(name: K): Metric[K][] => metrics.map((metric) => metric[name]);
  const [actions, failures] = [sum(column("action_count")), sum(column("failure_count"))];
  const costs = given(column("compute_cost")).map(tenThousandths);
  return {
    company_id,
    day,
    metric_count: metrics.length,
    action_count: actions,
    success_count: sum(column("success_count")),
    failure_count: failures,
    error_rate: rounded(BigInt(failures), BigInt(actions), 6),
    reported_error_rate: mean(column("error_rate"), 6),
    api_calls_made: sum(column("api_calls_made")),
    chairman_interventions: sum(column("chairman_interventions")),
    chairman_approvals: sum(column("chairman_approvals")),
    chairman_rejections: sum(column("chairman_rejections")),
    compute_cost: Number(costs.reduce((one, other) => one + other, 0n)) / 10_000,
    stage_duration_p50_ms: percentile(column("stage_duration"), 0.5),
    stage_duration_p95_ms: percentile(column("stage_duration"), 0.95),
    agent_response_time_p50_ms: percentile(column("agent_response_time"), 0.5),
    agent_response_time_p95_ms: percentile(column("agent_response_time"), 0.95),
    handoff_efficiency: mean(column("handoff_efficiency"), 2),
    agent_utilization: mean(column("agent_utilization"), 2),
    data_quality_score: mean(column("data_quality_score"), 2),
    confidence_score: mean(column("confidence_score"), 2),
  };
}

/**
 * What `orchestration_summary` has to answer: slow, obvious, and in another language, from every metric that there is.
 *
 * @param companyIds of which the caller may see metrics
 */
export function summarize(metrics: Metric[], companyIds: string[], fromDay: string, toDay: string): DaySummary[] {
  const groups = new Map<string, Metric[]>();
  for (const metric of metrics) {
    const day = metric.recorded_at?.slice(0, 10);
    if (!day || !metric.company_id || !companyIds.includes(metric.company_id)) continue;
    if (day < fromDay || day > toDay) continue;
    const key = `${metric.company_id} ${day}`;
    groups.set(key, [...(groups.get(key) ?? []), metric]);
  }
  return [...groups.keys()].sort().map((key) => {
    const [companyId = "", day = ""] = key.split(" ");
    return summarizeDay(companyId, day, groups.get(key) ?? []);
  });
}
