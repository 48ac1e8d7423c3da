-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- What counts as a bottleneck: the figures of the analysis, for operators to tune without a release. In this schema,
-- as a project may well have a table of that name in public, with other columns.

create table leo.telemetry_thresholds (
  id uuid not null default gen_random_uuid(),
  dimension_type text not null,
  dimension_key text,
  threshold_ratio numeric not null default 3.0,
  min_samples integer not null default 3,
  baseline_window_days integer not null default 7,
  lookback_window_days integer not null default 1,
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint telemetry_thresholds_pkey primary key (id),
  constraint telemetry_thresholds_one_per_dimension unique nulls not distinct (dimension_type, dimension_key),
  constraint telemetry_thresholds_dimension_type_check
    check (dimension_type in ('stage', 'venture', 'agent', 'session_type')),
  constraint telemetry_thresholds_dimension_key_check
    check (btrim(dimension_key) <> '' and char_length(dimension_key) <= 200),
  -- At 1 or less the usual would be a bottleneck. The upper bounds keep out NaN, and windows without end.
  constraint telemetry_thresholds_threshold_ratio_check check (threshold_ratio > 1 and threshold_ratio <= 1000),
  constraint telemetry_thresholds_min_samples_check check (min_samples >= 1),
  constraint telemetry_thresholds_baseline_window_days_check check (baseline_window_days between 1 and 365),
  constraint telemetry_thresholds_lookback_window_days_check check (lookback_window_days between 1 and 90)
);

revoke all on leo.telemetry_thresholds from public, anon, authenticated, service_role;

create function leo.set_updated_at()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end
$$;

revoke execute on function leo.set_updated_at() from public, anon, authenticated, service_role;

comment on function leo.set_updated_at() is
  'Trigger: updated_at is the time of the change.';

create trigger set_updated_at
  before update on leo.telemetry_thresholds
  for each row execute function leo.set_updated_at();

comment on table leo.telemetry_thresholds is
  'From when on the telemetry analysis calls something a bottleneck, per dimension and where needed per key. '
  'The active row of the key counts, else the active default of its dimension; where there is neither, the '
  'analysis passes over it.';
comment on column leo.telemetry_thresholds.id is 'Identifies the threshold.';
comment on column leo.telemetry_thresholds.dimension_type is
  'What is compared: stage, venture, agent or session_type.';
comment on column leo.telemetry_thresholds.dimension_key is
  'Which one: a stage number, venture id, agent name or session type, exactly as in the metrics; empty in the '
  'default of the dimension.';
comment on column leo.telemetry_thresholds.threshold_ratio is
  'How many times the baseline the latest figure has to be, above 1.';
comment on column leo.telemetry_thresholds.min_samples is
  'How many of the latest samples have to be beyond threshold_ratio times the baseline, so that one outlier '
  'is no bottleneck.';
comment on column leo.telemetry_thresholds.baseline_window_days is
  'Length of the window that says what is usual, in days of 24 hours; it ends where the lookback window begins.';
comment on column leo.telemetry_thresholds.lookback_window_days is
  'Length of the window that is judged, in days of 24 hours back from the start of the analysis.';
comment on column leo.telemetry_thresholds.is_active is
  'False: as if the row were not there, so that the default of the dimension counts again, if it is active.';
comment on column leo.telemetry_thresholds.created_at is 'When the row was written.';
comment on column leo.telemetry_thresholds.updated_at is 'When the row was last changed; set by trigger.';

-- The defaults of the columns are the defaults of the analysis.
insert into leo.telemetry_thresholds (dimension_type)
values ('stage'), ('venture'), ('agent'), ('session_type');
