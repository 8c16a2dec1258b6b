import type { Tier } from '@praxis/core';

/**
 * What a call of a function inside a query does: the tier of its effect, null when it only computes, `unknown` when no
 * table knows it. `name` is in lower case.
 */
export function functionEffect(name: string): Tier | 'unknown' | null {
  const known = EFFECTS.get(name);
  if (known !== undefined) return known;
  if (EFFECT_PREFIXES.some((prefix) => name.startsWith(prefix))) return 'T2';
  return PURE.has(name) || PURE_PREFIXES.some((prefix) => name.startsWith(prefix)) ? null : 'unknown';
}

function effects(tier: Tier, names: string): [string, Tier][] {
  return names.split(/\s+/).map((name) => [name, tier]);
}

/** Functions that change something, read files of the server, or run text as code. */
const EFFECTS: ReadonlyMap<string, Tier> = new Map([
  ...effects(
    'T1',
    'nextval pg_advisory_lock pg_try_advisory_lock pg_advisory_xact_lock get_lock release_lock',
  ),
  ...effects(
    'T2',
    `setval set_config pg_terminate_backend pg_cancel_backend pg_reload_conf pg_rotate_logfile pg_switch_wal
    pg_switch_xlog pg_create_restore_point pg_start_backup pg_stop_backup pg_backup_start pg_backup_stop pg_notify
    pg_logical_slot_get_changes pg_logical_slot_get_binary_changes pg_logical_emit_message pg_wal_replay_pause
    pg_wal_replay_resume pg_import_system_collations pg_read_file pg_read_binary_file pg_ls_dir pg_stat_file
    pg_ls_logdir pg_ls_waldir pg_ls_tmpdir pg_ls_archive_statusdir pg_log_backend_memory_contexts pg_prewarm
    pg_log_standby_snapshot pg_sync_replication_slots pg_export_snapshot pg_extension_config_dump
    lo_creat lo_create lo_from_bytea lo_import lo_put lowrite lo_write lo_open load_file release_all_locks
    query_to_xml query_to_xmlschema query_to_xml_and_xmlschema cursor_to_xml crosstab ts_rewrite ts_stat
    brin_summarize_new_values brin_summarize_range brin_desummarize_range gin_clean_pending_list
    zipfile sqlite_compileoption_set txid_snapshot addgeometrycolumn updategeometrysrid populate_geometry_columns
    add_retention_policy create_hypertable compress_chunk decompress_chunk schedule add_job`,
  ),
  ...effects(
    'T3',
    `lo_export lo_unlink lo_truncate lo_truncate64 dblink dblink_exec dblink_send_query dblink_open dblink_fetch
    pg_file_write pg_file_unlink pg_file_rename pg_file_sync pg_drop_replication_slot pg_replication_slot_advance
    pg_replication_origin_drop pg_stat_reset pg_stat_statements_reset pg_promote pg_stat_reset_shared
    pg_truncate_visibility_map pg_surgery heap_force_kill heap_force_freeze pg_resetwal pg_execute_server_program
    load_extension edit writefile sys_exec sys_eval sys_set sys_get xp_cmdshell sp_executesql eval fts3_tokenizer
    dropgeometrycolumn dropgeometrytable drop_chunks unschedule run_command_on_workers run_command_on_shards
    http http_get http_post http_put http_delete http_patch database_to_xml schema_to_xml table_to_xml
    plpgsql_call_handler lib_mysqludf_sys_exec`,
  ),
]);

const EFFECT_PREFIXES: readonly string[] = [
  'pg_create_',
  'pg_drop_',
  'pg_copy_',
  'pg_replication_origin_',
  'pg_restore_',
  'pg_clear_',
  'pg_set_',
  'pg_start_',
  'pg_stop_',
  'pg_stat_reset_',
  'pg_ls_',
  'dblink_',
  'lo_',
  'sys_',
  'xp_',
  'sp_',
];

/** Families of built-in functions that only compute or look. */
const PURE_PREFIXES: readonly string[] = [
  'pg_',
  'json',
  'jsonb_',
  'array_',
  'string_',
  'str_',
  'to_',
  'regexp_',
  'regr_',
  'date',
  'time',
  'has_',
  'row_',
  'ts_',
  'tsvector',
  'xml',
  'width_',
  'uuid',
  'current_',
  'bit_',
  'bool_',
  'covar_',
  'stddev',
  'var_',
  'variance',
  'percentile_',
  'inet_',
  'inet6_',
  'is_ipv',
  'is_uuid',
  'txid_',
  'range_',
  'st_',
  'obj_description',
  'col_description',
  'shobj_description',
  'generate_',
  'group_',
  'total_',
  'sqlite_',
  'pragma_',
  'unixepoch',
  'bin_to_',
  'aes_',
  'sha',
  'bm25',
  'highlight',
  'snippet',
  'convert_',
  'unix_',
  'from_',
  'utc_',
  'week',
  'year',
  'day',
  'month',
  'set_bit',
  'set_byte',
  'get_bit',
  'get_byte',
  'quote_',
];

const PURE: ReadonlySet<string> = new Set(
  `abs acos acosd any_value area ascii asciistr asin asind atan atan2 atand avg benchmark bin bit_count box broadcast
  btrim cardinality cast cbrt ceil ceiling center changes char char_length character_length charset chr circle coalesce
  collation concat concat_ws connection_id conv convert cos cosd cot count crc32 cube cume_dist currval curdate curtime
  database decode degrees dense_rank diagonal diameter div elt encode enum_first enum_last enum_range every exp
  export_set exists extract extractvalue factorial field find_in_set first_value floor format format_bytes
  format_type found_rows gcd gen_random_bytes gen_random_uuid gen_salt glob greatest grouping grouping_id height hex
  hextoraw hmac host hostmask hour if ifnull iif inet_same_family inet_merge initcap instr interval isclosed isempty
  isfinite isnull isopen json_valid justify_days justify_hours justify_interval lag last_insert_id last_insert_rowid
  last_value lastval lcase lcm lead least left length like likelihood likely ln load_extension_info locate localtime
  localtimestamp log log10 log2 lower lower_inc lower_inf lpad lseg ltrim macaddr8_set7bit make_date make_interval
  make_set make_time make_timestamp make_timestamptz masklen max md5 microsecond mid min min_scale minute mod mode name_const
  netmask network normalize now nth_value ntile nullif num_nonnulls num_nulls numnode oct octet_length ord overlay
  path pclose percent_rank period_add period_diff phraseto_tsquery pi plainto_tsquery point polygon popen position
  pow power printf quarter querytree quote radians radius rand random randomblob rank readfile repeat replace reverse
  right round row rpad rtrim scale schema second sec_to_time session_user setseed setweight sign sin sind sinh sleep
  slope soundex space split_part sqrt starts_with strftime strip strcmp strpos substr substring substring_index subdate
  addtime subtime sum sysdate system_user tan tand tanh text timediff timestampdiff total translate trim trim_array
  trim_scale trunc truncate try_cast typeof ucase uncompress compress unhex unicode unicode_assigned unistr unlikely unnest
  upper upper_inc upper_inf user validate_password_strength value values version websearch_to_tsquery weight_string
  width xpath xpath_exists xmlagg zeroblob similarity word_similarity levenshtein metaphone dmetaphone unaccent age
  abbrev acosh asinh atanh broadcast daterange int4range int8range numrange tsrange tstzrange lower_inf merge_action
  mxid_age numeric_inc oidvectortypes parse_ident row_count rownum isjson hashtext hashtextextended clock_timestamp
  statement_timestamp transaction_timestamp tableoid earth_distance ll_to_earth icu_unicode_version inet_client_addr
  insert set_masklen family julianday fsdir median stats ltree nlevel subpath digest crypt armor dearmor adddate
  makedate maketime last_day benchmark member roles_graphml statement_digest statement_digest_text ps_thread_id
  format_pico_time ps_current_thread_id gtid_subset gtid_subtract var_pop var_samp std`.split(/\s+/),
);
