import pg from "pg";

/*
 * pg_cron, pg_net and Vault are not among the embedded server's extensions, so these are no proof of them: the functions,
 * tables and views of their documented interfaces that this project uses, with an entry in the catalogue where somebody
 * asks for one. What is tested with them is our side: what is scheduled, under which name, and that the commands work.
 */

const cron = `
  insert into pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
  values (90000, 'pg_cron', 'postgres'::regrole, 'pg_catalog'::regnamespace, false, '1.6');
  create schema cron authorization postgres;
  set role postgres;
  create table cron.job (
    jobid bigint generated always as identity primary key, schedule text not null, command text not null,
    username text not null default current_user, active boolean not null default true, jobname text,
    unique (jobname, username)
  );
  create table cron.job_run_details (jobid bigint, runid bigint, status text, end_time timestamptz);
  create function cron.schedule(job_name text, schedule text, command text) returns bigint language sql as $$
    insert into cron.job (jobname, schedule, command) values (job_name, schedule, command)
    on conflict (jobname, username) do update set schedule = excluded.schedule, command = excluded.command
    returning jobid
  $$;
  create function cron.alter_job(
    job_id bigint, schedule text default null, command text default null, database text default null,
    username text default null, active boolean default null
  ) returns void language sql as $$
    update cron.job set active = coalesce(alter_job.active, job.active) where jobid = job_id
  $$;
  create function cron.unschedule(job_id bigint) returns boolean language sql as $$
    delete from cron.job where jobid = job_id returning true
  $$;
  create function cron.unschedule(job_name text) returns boolean language sql as $$
    delete from cron.job where jobname = job_name and username = current_user returning true
  $$;`;

const net = `
  insert into pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
  values (90001, 'pg_net', 'postgres'::regrole, 'pg_catalog'::regnamespace, false, '0.20');
  create schema net authorization postgres;
  set role postgres;
  create table net.http_request_queue (
    id bigint generated always as identity, method text, url text, headers jsonb, body bytea, timeout_milliseconds int
  );
  create function net.http_post(
    url text, body jsonb default '{}', params jsonb default '{}',
    headers jsonb default '{"Content-Type": "application/json"}', timeout_milliseconds int default 5000
  ) returns bigint language sql as $$
    insert into net.http_request_queue (method, url, headers, body, timeout_milliseconds)
    values ('POST', url, headers, convert_to(body::text, 'utf8'), timeout_milliseconds)
    returning id
  $$;`;

const vault = `
  create schema vault authorization postgres;
  set role postgres;
  create table vault.secrets (id uuid primary key default gen_random_uuid(), name text unique, description text, secret text);
  create view vault.decrypted_secrets as
    select id, name, description, 'encrypted' as secret, secret as decrypted_secret from vault.secrets;
  create function vault.create_secret(
    new_secret text, new_name text default null, new_description text default '', new_key_id uuid default null
  ) returns uuid language sql as $$
    insert into vault.secrets (name, description, secret) values (new_name, new_description, new_secret) returning id
  $$;`;

const interfaces = { pg_cron: cron, pg_net: net, vault };

/** Makes what stands in for these extensions in a database, owned by `postgres`. */
export async function installInterfacesOf(adminUrl: string, ...extensions: (keyof typeof interfaces)[]): Promise<void> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    for (const extension of extensions) await admin.query(`${interfaces[extension]} reset role;`);
  } finally {
    await admin.end();
  }
}
