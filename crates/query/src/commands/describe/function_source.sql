-- The statement that makes a function. In psql, before: \set function 'format(text)'
select pg_catalog.pg_get_functiondef(case
    when pg_catalog.strpos(:'function', '(') > 0
    then :'function'::pg_catalog.text::pg_catalog.regprocedure::pg_catalog.oid
    else :'function'::pg_catalog.text::pg_catalog.regproc::pg_catalog.oid
  end) as source
