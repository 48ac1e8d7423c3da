-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

create table public.exec_quality_checkpoints (
  id uuid not null default gen_random_uuid(),
  session_id uuid not null,
  sd_id text not null,
  checkpoint_name text not null,
  checkpoint_type text not null,
  is_required boolean default true,
  is_complete boolean default false,
  score integer default 0,
  evidence_url text,
  completion_notes text,
  completed_at timestamptz,
  completed_by text,
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  constraint exec_quality_checkpoints_pkey primary key (id),
  constraint exec_quality_checkpoints_sd_id_fkey
    foreign key (sd_id) references public.strategic_directives_v2 (id),
  constraint exec_quality_checkpoints_session_id_fkey
    foreign key (session_id) references public.exec_implementation_sessions (id),
  constraint exec_quality_checkpoints_session_id_checkpoint_name_key unique (session_id, checkpoint_name),
  constraint exec_quality_checkpoints_checkpoint_type_check
    check (
      checkpoint_type in ('CODE_QUALITY', 'PERFORMANCE', 'SECURITY', 'TESTING', 'ACCESSIBILITY', 'DOCUMENTATION')
    ),
  constraint exec_quality_checkpoints_score_check check (score >= 0 and score <= 100)
);

create index idx_exec_checkpoints_complete on public.exec_quality_checkpoints (is_complete);

create index idx_exec_checkpoints_sd_id on public.exec_quality_checkpoints (sd_id);

create index idx_exec_checkpoints_session_id on public.exec_quality_checkpoints (session_id);

create index idx_exec_checkpoints_type on public.exec_quality_checkpoints (checkpoint_type);

alter table public.exec_quality_checkpoints enable row level security;

create policy exec_checkpoints_all on public.exec_quality_checkpoints
  for all to service_role using (true);

create policy exec_checkpoints_select on public.exec_quality_checkpoints
  for select to authenticated using (true);

-- No value of quality_gates may make the insert of a session fail, so everything odd is decided here:
-- * unnest flattens arrays of any shape and any lower bound; null and empty arrays have no entries.
-- * The entries are trimmed of everything that looks blank, not only of U+0020. The list is written out,
--   as what \s matches depends on the locale of the database.
-- * Distinct means the same characters. Folding case or Unicode forms could drop a gate that somebody
--   meant to be another one, and that would let a session complete without it.
-- * unique (session_id, checkpoint_name) is a btree, whose rows end at about 2 700 bytes. A longer entry
--   is named by its beginning and a digest of all of it; the session's quality_gates keeps it in full.
--   Names are made distinct after that, so that no entry can be chosen to collide with such a name.
--
-- Security definer: whoever may insert a session gets its checkpoints, whatever rights that role has on
-- this table. Nothing but the session's row decides what is written.
create function public.create_quality_checkpoints_from_session()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_blanks constant text := e' \t\n\r\f\x0b\u0085\u00a0\u1680\u180e\u2000\u2001\u2002\u2003\u2004\u2005\u2006'
    || e'\u2007\u2008\u2009\u200a\u200b\u200c\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff';
  v_longest_name constant integer := 2000; -- bytes
begin
  insert into public.exec_quality_checkpoints (session_id, sd_id, checkpoint_name, checkpoint_type)
  select
    new.id,
    new.sd_id,
    gate.name,
    case
      when gate.label in (
        'CODE_QUALITY', 'PERFORMANCE', 'SECURITY', 'TESTING', 'ACCESSIBILITY', 'DOCUMENTATION'
      ) then gate.label
      when gate.label ~ 'SECUR|AUTH' then 'SECURITY'
      when gate.label ~ 'PERF|LATENCY|LOAD' then 'PERFORMANCE'
      when gate.label ~ 'TEST|COVERAGE' then 'TESTING'
      when gate.label ~ 'ACCESS|A11Y|UX' then 'ACCESSIBILITY'
      when gate.label ~ 'DOC' then 'DOCUMENTATION'
      else 'CODE_QUALITY'
    end
  from (
    select distinct on (named.name) named.name, named.label
    from (
      select
        case
          when octet_length(trimmed.entry) <= v_longest_name then trimmed.entry
          else left(trimmed.entry, 400) || '… ' || encode(sha256(convert_to(trimmed.entry, 'UTF8')), 'hex')
        end as name,
        -- The "C" collation folds A-Z only, whatever the locale of the database.
        translate(upper(trimmed.entry collate "C"), '- ', '__') as label
      from (
        select btrim(listed.entry, v_blanks) as entry
        from unnest(new.quality_gates) as listed (entry)
      ) as trimmed
      where trimmed.entry <> ''
    ) as named
    order by named.name, named.label
  ) as gate;

  if not found then
    insert into public.exec_quality_checkpoints (session_id, sd_id, checkpoint_name, checkpoint_type)
    select new.id, new.sd_id, gate.name, gate.name
    from unnest(
      case new.implementation_type
        when 'UI_COMPONENT' then array['CODE_QUALITY', 'TESTING', 'ACCESSIBILITY', 'PERFORMANCE']
        when 'API_ENDPOINT' then array['CODE_QUALITY', 'TESTING', 'SECURITY', 'PERFORMANCE', 'DOCUMENTATION']
        when 'DATABASE_CHANGE' then array['CODE_QUALITY', 'TESTING', 'SECURITY', 'PERFORMANCE']
        when 'AUTHENTICATION' then array['CODE_QUALITY', 'TESTING', 'SECURITY']
        else array['CODE_QUALITY', 'TESTING', 'DOCUMENTATION']
      end
    ) as gate (name);
  end if;

  return null;
end
$$;

revoke execute on function public.create_quality_checkpoints_from_session()
  from public, anon, authenticated, service_role;

comment on function public.create_quality_checkpoints_from_session() is
  'Trigger of exec_implementation_sessions: makes one checkpoint per distinct non-blank quality gate, or '
  'the default set of the implementation type. Never fails on a value of quality_gates.';

create trigger trigger_create_quality_checkpoints
  after insert on public.exec_implementation_sessions
  for each row execute function public.create_quality_checkpoints_from_session();

comment on table public.exec_quality_checkpoints is
  'Quality gates of an implementation session. A session can be completed once all that are required are '
  'complete.';
comment on column public.exec_quality_checkpoints.id is 'Identifies the checkpoint.';
comment on column public.exec_quality_checkpoints.session_id is
  'The implementation session that the checkpoint belongs to.';
comment on column public.exec_quality_checkpoints.sd_id is 'The strategic directive of that session.';
comment on column public.exec_quality_checkpoints.checkpoint_name is
  'Name of the gate, unique in its session: the entry of quality_gates, trimmed. An entry of more than '
  '2000 bytes is named by its first 400 characters and a SHA-256 digest.';
comment on column public.exec_quality_checkpoints.checkpoint_type is
  'What the gate looks at: CODE_QUALITY, PERFORMANCE, SECURITY, TESTING, ACCESSIBILITY or DOCUMENTATION.';
comment on column public.exec_quality_checkpoints.is_required is
  'Whether the session has to pass the gate before it can be completed; false once the gate is waived.';
comment on column public.exec_quality_checkpoints.is_complete is 'Whether the gate has been passed.';
comment on column public.exec_quality_checkpoints.score is 'How well the gate was passed (0-100).';
comment on column public.exec_quality_checkpoints.evidence_url is 'URL of the evidence.';
comment on column public.exec_quality_checkpoints.completion_notes is
  'What there is to say about how the gate was passed or waived.';
comment on column public.exec_quality_checkpoints.completed_at is
  'When the gate was passed; empty while it is open.';
comment on column public.exec_quality_checkpoints.completed_by is
  'Who passed it: secret:<key name>, user:<uuid> or a database role.';
comment on column public.exec_quality_checkpoints.created_at is 'When the row was written.';
comment on column public.exec_quality_checkpoints.updated_at is
  'When the checkpoint was last changed; kept by its writers.';
