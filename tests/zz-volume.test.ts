import { it } from "vitest";
import { createTestDatabase } from "./support/database.ts";
it("volume", async () => {
  const d = await createTestDatabase();
  const t = async (name: string, sql: string) => { const s = performance.now(); const r = await d.query(sql); console.log(name, Math.round(performance.now()-s), "ms", JSON.stringify(r).slice(0,300)); return r; };
  await t("companies", `insert into companies (name) select 'c'||i from generate_series(1,1000) i`);
  await t("ventures", `insert into ventures (name, company_id, problem_statement) select 'v', id, '-' from companies`);
  await t("eva", `insert into eva_orchestration_sessions (company_id, session_type, created_by) select id, 'venture_workflow', gen_random_uuid() from companies`);
  await t("metrics", `insert into orchestration_metrics (company_id, venture_id, session_id, stage_id, error_rate, action_count, success_count, failure_count, agent_utilization, compute_cost, stage_duration, agent_response_time, agents_involved, recorded_at, metric_period_start, metric_period_end, confidence_score, data_quality_score, handoff_efficiency)
   select c.id, v.id, e.session_id, 1+i%26, 0.1, 10, 8, 2, 50, 1.5, interval '10 min', interval '2 s', '{a,b}', now()-i*interval '1 s', now()-interval '1 day', now(), 50, 60, 70
   from (select id, row_number() over () n from companies) c join ventures v on v.company_id=c.id join eva_orchestration_sessions e on e.company_id=c.id cross join generate_series(1,1000) i`);
  await t("sds", `insert into strategic_directives_v2 (id,title,status,category,priority,description,rationale,scope,sequence_rank,sd_key,current_phase) select 'SD-'||i,'t','active','x','x','-','-','-',1,'SD-'||i,'EXEC_IMPLEMENTATION' from generate_series(1,20000) i`);
  await t("sessions", `insert into exec_implementation_sessions (sd_id, implementation_type) select id, 'GENERAL_FEATURE' from strategic_directives_v2`);
  await t("handoffs", `insert into exec_handoff_preparations (session_id, sd_id, implementation_summary) select id, sd_id, 'x' from exec_implementation_sessions limit 10000`);
  await t("runs", `insert into telemetry_analysis_runs (run_id, scope_id, status, started_at, finished_at, output_ref, metadata) select gen_random_uuid(), 's'||i, 'SUCCEEDED', now()-interval '1 min', now(), '{"rows_scanned":5,"bottlenecks":[]}', '{"worker":"w"}' from generate_series(1,200000) i`);
  await t("keys", `insert into leo.idempotency_keys (caller,key,route,digest,answer,created_at) select 'secret:x', 'k'||i, 'POST', 'd', '{"session":{}}', now()-i*interval '1 s' from generate_series(1,120000) i`);
  await t("analyze", `analyze`);
  await t("history", `select count(*) from public.state_transitions`);
  for (const f of ["runs","generations","sessions","directives","checkpoints","handoffs","metrics","history","the_rest"]) await t(f, `select count(*) from leo.doctor_of_${f}()`);
  await t("doctor", `select count(*) from leo.doctor()`);
  await t("doctor", `select count(*) from leo.doctor()`);
  await t("sweep keys", `select leo.sweep('{}','{}')`);
  await t("sweep keys", `select leo.sweep('{}','{}')`);
  for (let i=0;i<3;i++) await t("sweep", `select leo.sweep('{}','{}')`);
  await t("backdate", `update exec_implementation_sessions set updated_at = now() - interval '2 days' where id in (select id from exec_implementation_sessions order by sd_id limit 5000)`);
  for (let i=0;i<6;i++) await t("sweep 5000 silent", `select leo.sweep('{}','{}')`);
  await t("bad metrics", `update orchestration_metrics set error_rate = 2`);
  await t("doctor bad", `select problem, count(*), max(detail) filter (where entity_id is null) from leo.doctor() group by 1`);
  await d.drop();
}, 600000);
