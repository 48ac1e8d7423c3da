-- Reference tables as a project that has run LEO for a while may hold them: more columns, policies, comments
-- and rows than this project's migrations would make. The migrations have to leave all of it alone.

create table public.strategic_vision (
  id uuid primary key default gen_random_uuid(),
  code text not null unique,
  title text not null,
  statement text not null,
  extracted_dimensions jsonb,
  is_active boolean default true,
  approved_by text,
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);

create table public.strategic_directives_v2 (
  id varchar(50) primary key,
  title varchar(500) not null,
  version varchar(20) not null default '1.0',
  status varchar(50) not null check (status in ('draft', 'active', 'completed')),
  category varchar(50) not null,
  priority varchar(20) not null,
  description text not null,
  strategic_intent text,
  rationale text not null,
  scope text not null,
  success_metrics jsonb default '[]'::jsonb,
  sequence_rank integer not null,
  sd_key text not null unique,
  parent_directive_id varchar(50) references public.strategic_directives_v2 (id),
  current_phase text default 'LEAD_APPROVAL',
  phase_progress integer default 0,
  progress_percentage integer default 0,
  is_working_on boolean default false,
  active_session_id text,
  is_active boolean default true,
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp
);

create table public.product_requirements_v2 (
  id varchar(100) primary key,
  directive_id varchar(50) references public.strategic_directives_v2 (id),
  title varchar(500) not null,
  status varchar(50) default 'draft',
  functional_requirements jsonb,
  sd_id varchar(150) references public.strategic_directives_v2 (id),
  created_at timestamp default current_timestamp,
  updated_at timestamp default current_timestamp
);

create table public.companies (
  id uuid primary key default gen_random_uuid(),
  name varchar(255) not null,
  description text,
  mission text,
  settings jsonb default '{}'::jsonb,
  is_demo boolean default false,
  created_at timestamptz
);

create table public.ventures (
  id uuid primary key default gen_random_uuid(),
  name varchar(255) not null,
  company_id uuid references public.companies (id),
  problem_statement text not null,
  current_lifecycle_stage integer default 1,
  archetype text,
  created_at timestamptz,
  updated_at timestamptz
);

create table public.user_company_access (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id),
  company_id uuid not null references public.companies (id),
  access_level varchar(50) default 'viewer',
  granted_at timestamptz default now(),
  granted_by uuid references auth.users (id),
  role text,
  is_active boolean,
  updated_at timestamptz,
  unique (user_id, company_id)
);

create table public.eva_orchestration_sessions (
  session_id uuid primary key default gen_random_uuid(),
  company_id uuid not null references public.companies (id),
  session_type text not null,
  session_status text not null default 'active',
  active_agents text[],
  chairman_oversight boolean default false,
  orchestration_context jsonb default '{}'::jsonb,
  objective text,
  created_at timestamptz default now(),
  started_at timestamptz,
  paused_at timestamptz,
  resumed_at timestamptz,
  completed_at timestamptz,
  failed_at timestamptz,
  created_by uuid not null,
  error_log jsonb default '[]'::jsonb,
  performance_summary jsonb default '{}'::jsonb,
  priority integer
);

do $$
declare
  v_table text;
begin
  foreach v_table in array array[
    'strategic_vision', 'strategic_directives_v2', 'product_requirements_v2', 'companies', 'ventures',
    'user_company_access', 'eva_orchestration_sessions'
  ]
  loop
    execute format('alter table public.%I enable row level security', v_table);
    execute format('create policy "Their own rule" on public.%I for select to authenticated using (true)', v_table);
    execute format('comment on table public.%I is %L', v_table, 'Their own words.');
  end loop;
end
$$;

insert into public.companies (id, name, mission)
values ('11111111-1111-4111-8111-111111111111', 'Existing Company', 'Be there first');
insert into public.strategic_directives_v2
  (id, title, status, category, priority, description, rationale, scope, sequence_rank, sd_key)
values ('SD-EXISTING-1', 'Existing directive', 'active', 'feature', 'high', 'd', 'r', 's', 1, 'SD-EXISTING-1');
