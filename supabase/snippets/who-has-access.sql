-- Who has access to which company, who gave it, and who may drive the protocol (operator, chairman)?
-- Edit: one company only, by a part of its name (null for all), and whether to list access that has ended.
with given as (
  select
    null::text as company,
    true as with_ended
)
select
  coalesce(company.name, '(no company)') as company,
  person.email as who,
  access.access_level,
  access.role as role_in_company,
  case when access.id is null then null when access.is_active then 'active' else 'ended' end as access_is,
  person.raw_app_meta_data ->> 'leo_role' as may_drive_as,
  granter.email as granted_by,
  access.granted_at
from auth.users person
left join public.user_company_access access on access.user_id = person.id
left join public.companies company on company.id = access.company_id
left join auth.users granter on granter.id = access.granted_by
cross join given
where (access.id is not null or person.raw_app_meta_data ->> 'leo_role' is not null)
  and (given.company is null or company.name ilike '%' || given.company || '%')
  and (given.with_ended or access.is_active is not false)
order by company.name, access.is_active desc nulls last, person.email
limit 500;
