-- Gives up rather than let everybody queue behind a migration that waits for a long transaction.
set local lock_timeout = '5s';

create function leo.start_okr_generation(request jsonb, context jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  -- Month and date by the same clock and zone, or the first hours of a month end up in the month before.
  v_today constant date := (now() at time zone 'utc')::date;
  v_period constant text := coalesce(request ->> 'period', to_char(v_today, 'YYYY-MM'));
  v_vision_id constant uuid := request ->> 'vision_id';
  v_generation public.okr_generation_log;
begin
  perform leo.set_context(context || '{"event": "start"}');

  -- One start per period at a time. A row to lock there is not, where a period has no generation yet.
  perform pg_advisory_xact_lock(hashtextextended('leo.okr_generation ' || v_period, 0));

  select generation.*
  into v_generation
  from public.okr_generation_log generation
  where generation.period = v_period and generation.status in ('running', 'completed')
  order by
    array_position(array['running', 'completed'], generation.status),
    generation.created_at desc nulls last,
    generation.id
  limit 1;

  if found then
    return leo.refusal(
      'generation_exists',
      jsonb_build_object(
        'id', v_generation.id,
        'status', v_generation.status,
        'period', v_period,
        'use', null,
        'allowed', leo.events_allowed('okr_generation', v_generation.status)
      )
    );
  end if;

  if v_vision_id is not null then
    perform from public.strategic_vision vision where vision.id = v_vision_id for key share;

    if not found then
      return leo.refusal(
        'invalid_request',
        jsonb_build_object(
          'issues', jsonb_build_array(
            jsonb_build_object('path', jsonb_build_array('vision_id'), 'message', 'No vision has this id.')
          )
        )
      );
    end if;
  end if;

  insert into public.okr_generation_log (generation_date, period, vision_id, status, created_by)
  values (
    v_today, v_period, v_vision_id, 'running', coalesce(request ->> 'created_by', context ->> 'actor')
  )
  returning * into v_generation;

  return jsonb_build_object('generation', to_jsonb(v_generation));
end
$$;

revoke execute on function leo.start_okr_generation(jsonb, jsonb)
  from public, anon, authenticated, service_role;

comment on function leo.start_okr_generation(jsonb, jsonb) is
  'Event start: a running generation of request.period (YYYY-MM, the present month of UTC unless given). '
  'Refuses with generation_exists (id, status, period, use, allowed) while the period has a running or '
  'completed one, or with invalid_request. Called by the edge function okr-generations.';

create function leo.move_okr_generation(id uuid, request jsonb, context jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_event constant text := context ->> 'event';
  v_error constant text := leo.mask_secrets(request ->> 'error_message');
  v_generation public.okr_generation_log;
  v_from text;
  v_refusal jsonb;
begin
  perform leo.set_context(
    context || jsonb_build_object('reason', request ->> 'error_message')
  );

  select generation.*
  into v_generation
  from public.okr_generation_log generation
  where generation.id = move_okr_generation.id
  for no key update;

  if not found then
    return leo.refusal(
      'not_found', jsonb_build_object('entity', 'okr_generation', 'id', move_okr_generation.id)
    );
  end if;

  v_from := v_generation.status;
  v_refusal := leo.refuse_transition('okr_generation', v_event, v_from);

  if v_refusal is not null then
    return v_refusal;
  end if;

  case v_event
    when 'complete' then
      v_generation := jsonb_populate_record(
        v_generation, leo.pick(request, array['top_down_count', 'bottom_up_count', 'source_breakdown'])
      );
      v_generation.status := 'completed';
      v_generation.total_krs_generated := v_generation.top_down_count + v_generation.bottom_up_count;
      -- Where nothing was generated, the ratio that generations aim at (the default of the column).
      v_generation.top_down_ratio := coalesce(
        round(v_generation.top_down_count / nullif(v_generation.total_krs_generated, 0)::numeric, 2), 0.40
      );
      -- The rest, so that rounding cannot take the sum away from 1.
      v_generation.bottom_up_ratio := 1 - v_generation.top_down_ratio;
    when 'fail' then
      v_generation.status := 'failed';
      v_generation.error_message := v_error;
  end case;

  update public.okr_generation_log generation
  set
    status = v_generation.status,
    top_down_count = v_generation.top_down_count,
    bottom_up_count = v_generation.bottom_up_count,
    total_krs_generated = v_generation.total_krs_generated,
    top_down_ratio = v_generation.top_down_ratio,
    bottom_up_ratio = v_generation.bottom_up_ratio,
    source_breakdown = v_generation.source_breakdown,
    error_message = v_generation.error_message
  where generation.id = v_generation.id
  returning generation.* into v_generation;

  return jsonb_build_object('generation', to_jsonb(v_generation), 'from', v_from);
end
$$;

revoke execute on function leo.move_okr_generation(uuid, jsonb, jsonb)
  from public, anon, authenticated, service_role;

comment on function leo.move_okr_generation(uuid, jsonb, jsonb) is
  'Events complete (counts from the request; total and both ratios computed) and fail of a running generation; '
  'from is the status that it left. Refuses with not_found or illegal_transition (current, event, allowed). '
  'Called by the edge function okr-generations.';
