-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

create table public.okr_generation_log (
  id uuid not null default gen_random_uuid(),
  generation_date date not null,
  period text not null,
  vision_id uuid,
  top_down_count integer not null default 0,
  bottom_up_count integer not null default 0,
  total_krs_generated integer not null default 0,
  top_down_ratio numeric(3, 2) default 0.40,
  bottom_up_ratio numeric(3, 2) default 0.60,
  source_breakdown jsonb default '{}',
  status text default 'completed',
  error_message text,
  created_by text default 'eva-scheduler',
  created_at timestamptz default now(),
  constraint okr_generation_log_pkey primary key (id),
  constraint okr_generation_log_vision_id_fkey foreign key (vision_id) references public.strategic_vision (id),
  constraint okr_generation_log_status_check check (status in ('running', 'completed', 'failed'))
);

create index idx_okr_gen_log_date on public.okr_generation_log (generation_date);

create index idx_okr_gen_log_period on public.okr_generation_log (period);

alter table public.okr_generation_log enable row level security;

create policy "Authenticated read on okr_generation_log" on public.okr_generation_log
  for select using (auth.role() = 'authenticated');

create policy "Service role full access on okr_generation_log" on public.okr_generation_log
  for all using (auth.role() = 'service_role');

comment on table public.okr_generation_log is
  'Log of OKR generations: one row each time that objectives and key results were generated for a month.';
comment on column public.okr_generation_log.id is 'Identifies the generation.';
comment on column public.okr_generation_log.generation_date is 'Day of the generation, by UTC.';
comment on column public.okr_generation_log.period is 'Month that the key results are for, as YYYY-MM, by UTC.';
comment on column public.okr_generation_log.vision_id is 'The vision that they were generated from.';
comment on column public.okr_generation_log.top_down_count is
  'How many key results were derived from the vision.';
comment on column public.okr_generation_log.bottom_up_count is
  'How many key results were derived from the teams'' work.';
comment on column public.okr_generation_log.total_krs_generated is
  'How many key results were generated in all.';
comment on column public.okr_generation_log.top_down_ratio is 'Share of the top-down key results (0-1).';
comment on column public.okr_generation_log.bottom_up_ratio is 'Share of the bottom-up key results (0-1).';
comment on column public.okr_generation_log.source_breakdown is
  'How many key results came from which source, as a JSON object.';
comment on column public.okr_generation_log.status is
  'Where the generation stands: running, completed or failed.';
comment on column public.okr_generation_log.error_message is 'Why the generation failed.';
comment on column public.okr_generation_log.created_by is 'Who started the generation.';
comment on column public.okr_generation_log.created_at is 'When the row was written.';
