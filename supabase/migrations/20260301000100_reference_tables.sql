-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

-- The tables that the documented ones point at.
--
-- A project that already runs LEO has these tables in their full form: more columns, policies and
-- comments of its own. Such a table is left exactly as it is; only a missing one is created. That is
-- why each sits in a block of its own: `create table if not exists` alone would skip the table and then
-- go on to alter its row level security, policies and comments. The block at the end asks whether what
-- was found is enough to build upon, so that a mismatch is named here and not by a foreign key later.

do $$
begin
  if to_regclass('auth.users') is null then
    raise exception 'auth.users does not exist'
      using hint = 'Run these migrations on a Supabase project, or let npm start -- --db-url prepare the database.';
  end if;
end
$$;

do $$
begin
  if to_regclass('public.strategic_vision') is null then
    create table public.strategic_vision (
      id uuid primary key default gen_random_uuid(),
      code text not null unique,
      title text not null,
      statement text not null,
      is_active boolean default true,
      created_at timestamptz default now(),
      updated_at timestamptz default now()
    );

    alter table public.strategic_vision enable row level security;

    create policy strategic_vision_all on public.strategic_vision
      for all to service_role using (true);
    create policy strategic_vision_select on public.strategic_vision
      for select to authenticated using (true);

    comment on table public.strategic_vision is
      'Visions that objectives and key results are generated from.';
    comment on column public.strategic_vision.id is
      'Identifies the vision; okr_generation_log.vision_id points here.';
    comment on column public.strategic_vision.code is 'Short unique code that people use, e.g. VISION-2026.';
    comment on column public.strategic_vision.title is 'Name of the vision in one line.';
    comment on column public.strategic_vision.statement is 'The vision in full.';
    comment on column public.strategic_vision.is_active is 'Whether the vision still guides planning.';
    comment on column public.strategic_vision.created_at is 'When the row was written.';
    comment on column public.strategic_vision.updated_at is
      'When the vision was last changed; kept by its writers.';
  end if;
end
$$;

do $$
begin
  if to_regclass('public.strategic_directives_v2') is null then
    create table public.strategic_directives_v2 (
      id varchar(50) primary key,
      title varchar(500) not null,
      status varchar(50) not null,
      category varchar(50) not null,
      priority varchar(20) not null,
      description text not null,
      rationale text not null,
      scope text not null,
      sequence_rank integer not null,
      sd_key text not null unique,
      current_phase text default 'LEAD_APPROVAL',
      phase_progress integer default 0,
      progress_percentage integer default 0,
      is_working_on boolean default false,
      active_session_id text,
      is_active boolean default true,
      created_at timestamp default current_timestamp,
      updated_at timestamp default current_timestamp
    );

    alter table public.strategic_directives_v2 enable row level security;

    create policy strategic_directives_v2_all on public.strategic_directives_v2
      for all to service_role using (true);
    create policy strategic_directives_v2_select on public.strategic_directives_v2
      for select to authenticated using (true);

    comment on table public.strategic_directives_v2 is
      'Strategic directives (SD): what the LEO protocol moves through LEAD_APPROVAL, PLAN_PRD, '
      'EXEC_IMPLEMENTATION, PLAN_VERIFY and LEAD_FINAL.';
    comment on column public.strategic_directives_v2.id is 'Identifies the directive, e.g. SD-2026-014.';
    comment on column public.strategic_directives_v2.title is 'Name of the directive in one line.';
    comment on column public.strategic_directives_v2.status is
      'Planning status of the directive itself, e.g. draft, active, completed; not its phase.';
    comment on column public.strategic_directives_v2.category is 'Kind of work, e.g. feature, infrastructure.';
    comment on column public.strategic_directives_v2.priority is
      'How urgent it is, e.g. critical, high, medium, low.';
    comment on column public.strategic_directives_v2.description is 'What is to be done.';
    comment on column public.strategic_directives_v2.rationale is 'Why it is to be done.';
    comment on column public.strategic_directives_v2.scope is 'What is in and what is out.';
    comment on column public.strategic_directives_v2.sequence_rank is
      'Place in the order of work; the lowest comes first.';
    comment on column public.strategic_directives_v2.sd_key is 'Unique readable key of the directive.';
    comment on column public.strategic_directives_v2.current_phase is
      'Phase of the protocol. A completed implementation session moves it to PLAN_VERIFY, a reopened one '
      'back to EXEC_IMPLEMENTATION.';
    comment on column public.strategic_directives_v2.phase_progress is
      'Progress inside the current phase, in percent (0-100).';
    comment on column public.strategic_directives_v2.progress_percentage is
      'Progress over all phases, in percent (0-100); at least 70 once EXEC is done (LEAD 20, PLAN 20, EXEC '
      '30).';
    comment on column public.strategic_directives_v2.is_working_on is
      'Whether somebody is working on the directive now.';
    comment on column public.strategic_directives_v2.active_session_id is
      'The working session that holds the directive, if any.';
    comment on column public.strategic_directives_v2.is_active is 'False once the directive is archived.';
    comment on column public.strategic_directives_v2.created_at is
      'When the row was written (without time zone: the server''s).';
    comment on column public.strategic_directives_v2.updated_at is
      'When the directive was last changed (without time zone: the server''s); kept by its writers.';
  end if;
end
$$;

do $$
begin
  if to_regclass('public.product_requirements_v2') is null then
    create table public.product_requirements_v2 (
      id varchar(100) primary key,
      title varchar(500) not null,
      status varchar(50) default 'draft',
      sd_id varchar(150) references public.strategic_directives_v2 (id),
      created_at timestamp default current_timestamp,
      updated_at timestamp default current_timestamp
    );

    alter table public.product_requirements_v2 enable row level security;

    create policy product_requirements_v2_all on public.product_requirements_v2
      for all to service_role using (true);
    create policy product_requirements_v2_select on public.product_requirements_v2
      for select to authenticated using (true);

    comment on table public.product_requirements_v2 is
      'Product requirement documents (PRD): what PLAN hands to EXEC for a strategic directive.';
    comment on column public.product_requirements_v2.id is 'Identifies the document, e.g. PRD-2026-014.';
    comment on column public.product_requirements_v2.title is 'Name of the document in one line.';
    comment on column public.product_requirements_v2.status is
      'Editing status of the document, e.g. draft, approved.';
    comment on column public.product_requirements_v2.sd_id is 'The directive that the document belongs to.';
    comment on column public.product_requirements_v2.created_at is
      'When the row was written (without time zone: the server''s).';
    comment on column public.product_requirements_v2.updated_at is
      'When the document was last changed (without time zone: the server''s); kept by its writers.';
  end if;
end
$$;

-- companies and user_company_access in one block: the access table points at companies, and the
-- policy of companies asks the access table.
do $$
declare
  v_companies_missing boolean := to_regclass('public.companies') is null;
begin
  if v_companies_missing then
    create table public.companies (
      id uuid primary key default gen_random_uuid(),
      name varchar(255) not null,
      description text,
      settings jsonb default '{}',
      is_demo boolean default false,
      created_at timestamptz default now()
    );

    alter table public.companies enable row level security;

    create policy companies_all on public.companies
      for all to service_role using (true);

    comment on table public.companies is
      'Companies: the tenants. Ventures, EVA sessions and metrics belong to one.';
    comment on column public.companies.id is 'Identifies the company.';
    comment on column public.companies.name is 'Name of the company.';
    comment on column public.companies.description is 'What the company does.';
    comment on column public.companies.settings is 'Settings of the company as a JSON object.';
    comment on column public.companies.is_demo is 'Whether it is a company for demonstrations.';
    comment on column public.companies.created_at is 'When the row was written.';
  end if;

  if to_regclass('public.user_company_access') is null then
    create table public.user_company_access (
      id uuid primary key default gen_random_uuid(),
      user_id uuid not null references auth.users (id),
      company_id uuid not null references public.companies (id),
      access_level varchar(50) default 'viewer',
      granted_at timestamptz default now(),
      granted_by uuid references auth.users (id),
      role text,
      is_active boolean,
      updated_at timestamptz default now(),
      unique (user_id, company_id)
    );

    alter table public.user_company_access enable row level security;

    -- No insert or update policy for users: with one, anybody could join any company.
    create policy user_company_access_all on public.user_company_access
      for all to service_role using (true);
    create policy user_company_access_select on public.user_company_access
      for select to authenticated using (user_id = (select auth.uid()));

    comment on table public.user_company_access is
      'Who may see which company. A membership counts only while is_active is true; users cannot add '
      'themselves.';
    comment on column public.user_company_access.id is 'Identifies the membership.';
    comment on column public.user_company_access.user_id is 'The user (auth.users) who has access.';
    comment on column public.user_company_access.company_id is 'The company that the user has access to.';
    comment on column public.user_company_access.access_level is
      'How far the access goes, e.g. viewer, member, admin.';
    comment on column public.user_company_access.granted_at is 'When access was granted.';
    comment on column public.user_company_access.granted_by is
      'The user (auth.users) who granted it, if known.';
    comment on column public.user_company_access.role is 'What the user does in the company, in words.';
    comment on column public.user_company_access.is_active is
      'True while the membership counts; false or null gives no access at all.';
    comment on column public.user_company_access.updated_at is
      'When the membership was last changed; kept by its writers.';
  end if;

  if v_companies_missing then
    create policy companies_select on public.companies
      for select to authenticated using (
        id in (
          select access.company_id
          from public.user_company_access access
          where access.user_id = (select auth.uid()) and access.is_active
        )
      );
  end if;
end
$$;

do $$
begin
  if to_regclass('public.ventures') is null then
    create table public.ventures (
      id uuid primary key default gen_random_uuid(),
      name varchar(255) not null,
      company_id uuid references public.companies (id),
      problem_statement text not null,
      current_lifecycle_stage integer default 1 check (current_lifecycle_stage between 1 and 26),
      created_at timestamptz default now(),
      updated_at timestamptz default now()
    );

    create index idx_ventures_company_id on public.ventures (company_id);

    alter table public.ventures enable row level security;

    create policy ventures_all on public.ventures
      for all to service_role using (true);
    create policy ventures_select on public.ventures
      for select to authenticated using (
        company_id in (
          select access.company_id
          from public.user_company_access access
          where access.user_id = (select auth.uid()) and access.is_active
        )
      );

    comment on table public.ventures is 'Ventures that a company builds, each in one of 26 lifecycle stages.';
    comment on column public.ventures.id is 'Identifies the venture.';
    comment on column public.ventures.name is 'Name of the venture.';
    comment on column public.ventures.company_id is
      'The company that the venture belongs to; who may see the venture follows from it.';
    comment on column public.ventures.problem_statement is 'The problem that the venture solves.';
    comment on column public.ventures.current_lifecycle_stage is
      'Lifecycle stage that the venture is in (1-26).';
    comment on column public.ventures.created_at is 'When the row was written.';
    comment on column public.ventures.updated_at is 'When the venture was last changed; kept by its writers.';
  end if;
end
$$;

do $$
begin
  if to_regclass('public.eva_orchestration_sessions') is null then
    create table public.eva_orchestration_sessions (
      session_id uuid primary key default gen_random_uuid(),
      company_id uuid not null references public.companies (id),
      session_type text not null check (
        session_type in ('venture_workflow', 'strategic_analysis', 'performance_review', 'integration_coordination')
      ),
      session_status text not null default 'active' check (
        session_status in ('active', 'paused', 'completed', 'failed', 'cancelled')
      ),
      active_agents text[],
      chairman_oversight boolean default false,
      orchestration_context jsonb default '{}',
      objective text,
      created_at timestamptz default now(),
      started_at timestamptz,
      paused_at timestamptz,
      resumed_at timestamptz,
      completed_at timestamptz,
      failed_at timestamptz,
      created_by uuid not null,
      error_log jsonb default '[]',
      performance_summary jsonb default '{}'
    );

    create index idx_eva_orchestration_sessions_company_id on public.eva_orchestration_sessions (company_id);

    alter table public.eva_orchestration_sessions enable row level security;

    create policy eva_orchestration_sessions_all on public.eva_orchestration_sessions
      for all to service_role using (true);
    create policy eva_orchestration_sessions_select on public.eva_orchestration_sessions
      for select to authenticated using (
        company_id in (
          select access.company_id
          from public.user_company_access access
          where access.user_id = (select auth.uid()) and access.is_active
        )
      );

    comment on table public.eva_orchestration_sessions is
      'Sessions in which EVA lets several agents work for a company; orchestration_metrics.session_id '
      'points here.';
    comment on column public.eva_orchestration_sessions.session_id is 'Identifies the orchestration session.';
    comment on column public.eva_orchestration_sessions.company_id is
      'The company that the session works for; who may see the session follows from it.';
    comment on column public.eva_orchestration_sessions.session_type is
      'Kind of session: venture_workflow, strategic_analysis, performance_review or integration_coordination.';
    comment on column public.eva_orchestration_sessions.session_status is
      'Status of the session: active, paused, completed, failed or cancelled.';
    comment on column public.eva_orchestration_sessions.active_agents is 'Names of the agents at work.';
    comment on column public.eva_orchestration_sessions.chairman_oversight is
      'Whether the Chairman watches over the session.';
    comment on column public.eva_orchestration_sessions.orchestration_context is
      'What the agents were given to start from, as a JSON object.';
    comment on column public.eva_orchestration_sessions.objective is 'What the session is to achieve.';
    comment on column public.eva_orchestration_sessions.created_at is 'When the row was written.';
    comment on column public.eva_orchestration_sessions.started_at is 'When the agents began.';
    comment on column public.eva_orchestration_sessions.paused_at is 'When the session was last paused.';
    comment on column public.eva_orchestration_sessions.resumed_at is 'When the session was last resumed.';
    comment on column public.eva_orchestration_sessions.completed_at is 'When the session was completed.';
    comment on column public.eva_orchestration_sessions.failed_at is 'When the session failed.';
    comment on column public.eva_orchestration_sessions.created_by is 'The user who created the session.';
    comment on column public.eva_orchestration_sessions.error_log is 'Errors met on the way, as a JSON array.';
    comment on column public.eva_orchestration_sessions.performance_summary is
      'Figures of the session as a whole, as a JSON object.';
  end if;
end
$$;

-- What the functions and policies of this project read must be there, in a type of the same kind:
-- varchar serves for text and timestamp for timestamptz, but text does not serve for uuid or jsonb.
do $$
declare
  v_problems text;
begin
  select string_agg(
    case
      when found.atttypid is null then format('%s.%s is missing', needed.table_name, needed.column_name)
      else format(
        '%s.%s is %s, needed is %s', needed.table_name, needed.column_name,
        format_type(found.atttypid, null), needed.kind
      )
    end,
    '; ' order by needed.table_name, needed.column_name
  )
  into v_problems
  from (
    values
      ('strategic_vision', 'uuid'::regtype, 'id'),
      ('strategic_vision', 'text', 'code title statement'),
      ('strategic_vision', 'boolean', 'is_active'),
      ('strategic_vision', 'timestamptz', 'created_at updated_at'),
      ('strategic_directives_v2', 'text', 'id title status category priority description rationale scope sd_key'),
      ('strategic_directives_v2', 'text', 'current_phase active_session_id'),
      ('strategic_directives_v2', 'integer', 'sequence_rank phase_progress progress_percentage'),
      ('strategic_directives_v2', 'boolean', 'is_working_on is_active'),
      ('strategic_directives_v2', 'timestamp', 'created_at updated_at'),
      ('product_requirements_v2', 'text', 'id title status sd_id'),
      ('product_requirements_v2', 'timestamp', 'created_at updated_at'),
      ('companies', 'uuid', 'id'),
      ('companies', 'text', 'name description'),
      ('companies', 'jsonb', 'settings'),
      ('companies', 'boolean', 'is_demo'),
      ('companies', 'timestamptz', 'created_at'),
      ('user_company_access', 'uuid', 'id user_id company_id granted_by'),
      ('user_company_access', 'text', 'access_level role'),
      ('user_company_access', 'boolean', 'is_active'),
      ('user_company_access', 'timestamptz', 'granted_at updated_at'),
      ('ventures', 'uuid', 'id company_id'),
      ('ventures', 'text', 'name problem_statement'),
      ('ventures', 'integer', 'current_lifecycle_stage'),
      ('ventures', 'timestamptz', 'created_at updated_at'),
      ('eva_orchestration_sessions', 'uuid', 'session_id company_id created_by'),
      ('eva_orchestration_sessions', 'text', 'session_type session_status objective'),
      ('eva_orchestration_sessions', 'text[]', 'active_agents'),
      ('eva_orchestration_sessions', 'boolean', 'chairman_oversight'),
      ('eva_orchestration_sessions', 'jsonb', 'orchestration_context error_log performance_summary'),
      ('eva_orchestration_sessions', 'timestamptz', 'created_at started_at paused_at resumed_at completed_at failed_at')
  ) as lists (table_name, kind, column_names)
  cross join lateral (
    select lists.table_name, lists.kind, unnest(string_to_array(lists.column_names, ' ')) as column_name
  ) as needed
  left join pg_attribute found
    on found.attrelid = to_regclass('public.' || needed.table_name)
    and found.attname = needed.column_name
    and not found.attisdropped
  where found.atttypid is null
    -- typcategory U holds unrelated types (uuid, jsonb), so there only the type itself will do.
    or (
      found.atttypid <> needed.kind
      and not exists (
        select from pg_type actual
        join pg_type wanted on wanted.oid = needed.kind and wanted.typcategory = actual.typcategory
        where actual.oid = found.atttypid and actual.typcategory <> 'U'
      )
    );

  if v_problems is not null then
    raise exception 'existing reference tables do not fit: %', v_problems
      using hint = 'Add or convert these columns (alter table ... add column, alter column ... type), '
        'then run the migrations again.';
  end if;
end
$$;
